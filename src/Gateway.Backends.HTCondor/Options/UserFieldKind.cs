namespace Gateway.Backends.HTCondor.Options;

/// <summary>What a field that users may set means.</summary>
internal enum UserFieldKind
{
    /// <summary>A ClassAd expression that is added to the requirements.</summary>
    Requirements,

    /// <summary>A ClassAd expression that replaces the rank.</summary>
    Rank,

    /// <summary>Scratch disk: bytes, or a number with KB, MB, GB, TB, KiB, MiB, GiB, TiB.</summary>
    Disk,

    /// <summary>Number of GPUs.</summary>
    Gpus,

    /// <summary>A list of concurrency limits, each among those allowed.</summary>
    ConcurrencyLimits,

    /// <summary>An accounting group among those allowed.</summary>
    AccountingGroup,

    /// <summary>The name of a profile among those allowed.</summary>
    Profile,

    /// <summary>A string for an attribute of the job's ad.</summary>
    Text,

    /// <summary>A whole number for an attribute of the job's ad.</summary>
    Integer,

    /// <summary>True or false for an attribute of the job's ad.</summary>
    Flag,
}
