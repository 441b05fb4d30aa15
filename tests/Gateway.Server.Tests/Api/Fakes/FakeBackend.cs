using Gateway.Core.Backends;

namespace Gateway.Server.Tests.Api.Fakes;

/// <summary>A backend that runs nothing: it is only asked whether it needs accounts, and perhaps where schedulers are.</summary>
internal sealed class FakeBackend(bool usesAccounts) : IJobBackend
{
    public string? Node => null;

    public bool UsesAccounts => usesAccounts;

    public TimeSpan ListPeriod => TimeSpan.FromSeconds(1);

    /// <summary>What it says of every address, at once; null: it must not be asked.</summary>
    public AddressVerdict? Verdict { get; init; }

    public bool ChecksAddressesAtOnce => Verdict is not null;

    /// <summary>The addresses it was asked about.</summary>
    public List<string> Checked { get; } = [];

    public static BackendRegistry Registry(string name, bool usesAccounts) => new FakeBackend(usesAccounts).Registry(name);

    public BackendRegistry Registry(string name) => new([new BackendInstance(name, this, new(), new(), new(TimeProvider.System))]);

    public Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<JobListing> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken)
    {
        Checked.Add($"{host} {string.Join(' ', ports)}");
        return Task.FromResult(Verdict ?? throw new NotSupportedException());
    }

    public Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
