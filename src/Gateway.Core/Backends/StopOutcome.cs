namespace Gateway.Core.Backends;

/// <summary>What became of one job that was to be stopped.</summary>
public enum StopOutcome
{
    /// <summary>Nothing of it is left.</summary>
    Gone,

    /// <summary>It has been told to end; a later listing tells when it has.</summary>
    Ending,
}
