using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Storms;

/// <summary>One point of death.</summary>
/// <param name="Method">The contract's method, <c>Interface.Method</c>.</param>
/// <param name="At">When and at which call since the start, as the gateway's process is told: <c>Interface.Method:before:1</c>.</param>
internal sealed record CrashSite(string Method, string At)
{
    /// <summary>A statement that makes the point be met, run while no gateway is up.</summary>
    public string? Before { get; init; }

    /// <summary>A statement that takes that back.</summary>
    public string? After { get; init; }

    /// <summary>What makes the point be met while the gateway runs.</summary>
    public Func<GatewaySite, CancellationToken, Task>? During { get; init; }
}
