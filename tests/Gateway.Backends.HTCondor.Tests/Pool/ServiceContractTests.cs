using Gateway.Core.Backends;
using Gateway.Testing.Backends;

namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>The contract, with jobs of the gateway's own account and a folder per cluster.</summary>
public sealed class ServiceContractTests(PoolFixture pool) : BackendContract
{
    private readonly PoolBackend _pool = new(pool);

    protected override string WitnessFolder => _pool.Witness;

    protected override string WitnessFolderInJob => _pool.WitnessInJob;

    protected override async ValueTask PrepareAsync()
    {
        await pool.RequireAsync();
        _pool.Prepare();
    }

    protected override ValueTask<IJobBackend> CreateAsync() => ValueTask.FromResult(_pool.Create());

    protected override ValueTask TearDownAsync()
    {
        _pool.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override JobStart Adapt(JobStart job) => job with { Spec = job.Spec with { Account = "alice" } };
}
