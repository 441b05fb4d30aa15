using Gateway.Core.Backends;
using Gateway.Testing.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>The local backend keeps what every backend promises.</summary>
public sealed class LocalBackendContractTests : BackendContract
{
    private readonly LocalWorld _world = new();

    protected override string WitnessFolder => _world.Witness;

    protected override ValueTask<IJobBackend> CreateAsync() => ValueTask.FromResult<IJobBackend>(_world.Create());

    protected override ValueTask TearDownAsync()
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_world.Data, "jobs")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_world.Data, "trash")));
        _world.Dispose();
        return ValueTask.CompletedTask;
    }
}
