using Gateway.EndToEnd.Tests.Processes;

namespace Gateway.EndToEnd.Tests;

/// <summary>Tests that share one pool, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SharedFarm : ICollectionFixture<FarmPool>
{
    public const string Name = "farm";
}
