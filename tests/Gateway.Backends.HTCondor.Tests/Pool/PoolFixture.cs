using Gateway.Backends.HTCondor.Tests.Pool;
using Gateway.Testing;

[assembly: AssemblyFixture(typeof(PoolFixture))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>The real pool, made and started for the first test that needs it.</summary>
public sealed class PoolFixture : IAsyncDisposable
{
    private readonly Lazy<Task<HTCondorPool>> _pool = new(HTCondorPool.HoldAsync);

    /// <summary>Where the pool has its root directory.</summary>
    public static string Root => HTCondorPool.Root;

    /// <summary><c>uid:gid</c> of the account that the gateway's tools run as.</summary>
    public string Gateway { get; private set; } = "";

    /// <summary>Skips the test where this machine can have no pool.</summary>
    public async Task RequireAsync()
    {
        var pool = await _pool.Value;
        if (pool.Missing is not null)
        {
            Assert.Skip(pool.Missing);
        }

        if (Gateway.Length == 0)
        {
            Gateway = await HTCondorPool.AccountAsync("gateway");
        }
    }

    /// <summary>Runs a command in the pool, as root or as a user.</summary>
    public Task<(int ExitCode, string Output)> ExecAsync(string user, params string[] command) => HTCondorPool.ExecAsync(user, command);

    public async ValueTask DisposeAsync()
    {
        if (_pool.IsValueCreated)
        {
            await (await _pool.Value).DisposeAsync();
        }
    }
}
