using System.Diagnostics;

namespace Gateway.Core.Telemetry;

/// <summary>The one name under which the gateway traces and counts.</summary>
public static class GatewayTelemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Gateway";

    /// <summary>Where activities start.</summary>
    public static ActivitySource Source { get; } = new(Name);
}
