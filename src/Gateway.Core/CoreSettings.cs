namespace Gateway.Core;

/// <summary>What Core must know of the process around it.</summary>
public sealed record CoreSettings
{
    /// <summary>The configured, human name of this gateway: a label only.</summary>
    public required string Label { get; init; }

    /// <summary>The gateway's API as schedulers reach it, such as <c>http://gateway:8000/api</c>.</summary>
    public required string ApiUrl { get; init; }

    /// <summary>Name of this machine; jobs of node-bound backends carry it.</summary>
    public required string Node { get; init; }

    /// <summary>A folder for files that outlive the process.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The product's version.</summary>
    public required string Version { get; init; }
}
