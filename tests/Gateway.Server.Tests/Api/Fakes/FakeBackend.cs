using Gateway.Core.Backends;

namespace Gateway.Server.Tests.Api.Fakes;

/// <summary>A backend that is only asked whether it needs accounts: it runs nothing.</summary>
internal sealed class FakeBackend(bool usesAccounts) : IJobBackend
{
    public string? Node => null;

    public bool UsesAccounts => usesAccounts;

    public TimeSpan ListPeriod => TimeSpan.FromSeconds(1);

    public static BackendRegistry Registry(string name, bool usesAccounts) =>
        new([new BackendInstance(name, new FakeBackend(usesAccounts), new(), new(), new(TimeProvider.System))]);

    public Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<StopOutcome>> StopAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<JobListing> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<JobReport>> DescribeAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<AddressVerdict> CheckAddressAsync(JobHandle job, string host, int port, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<JobLog?> ReadLogAsync(JobHandle job, JobOutput stream, long offset, int max, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task CleanAsync(IReadOnlyList<JobHandle> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
