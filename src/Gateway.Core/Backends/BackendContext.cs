using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Gateway.Core.Backends;

/// <summary>What a backend instance is made from.</summary>
public sealed record BackendContext
{
    /// <summary>The instance's name: <c>{name}</c> of <c>Backends:{name}</c>.</summary>
    public required string Instance { get; init; }

    /// <summary>Its section, <c>Backends:{name}</c>.</summary>
    public required IConfigurationSection Configuration { get; init; }

    /// <summary>This gateway's identity, to be written into every job.</summary>
    public required string GatewayId { get; init; }

    /// <summary>The configured, human name of this gateway: a label only.</summary>
    public required string GatewayLabel { get; init; }

    /// <summary>Name of the machine this replica runs on.</summary>
    public required string Node { get; init; }

    /// <summary>A folder of this instance's own for files that outlive the process; 0700.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where to log.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Where to count.</summary>
    public required IMeterFactory Meters { get; init; }
}
