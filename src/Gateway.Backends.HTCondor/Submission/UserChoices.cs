namespace Gateway.Backends.HTCondor.Submission;

/// <summary>What a user asked for through the fields that configuration allows, checked.</summary>
internal sealed record UserChoices
{
    public string Profile { get; init; } = "";

    public string? Requirements { get; init; }

    public string? Rank { get; init; }

    public long? Disk { get; init; }

    public int? Gpus { get; init; }

    public string? AccountingGroup { get; init; }

    public IReadOnlyList<string> ConcurrencyLimits { get; init; } = [];

    /// <summary>Attribute to ClassAd literal.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();
}
