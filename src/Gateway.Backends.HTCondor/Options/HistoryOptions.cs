namespace Gateway.Backends.HTCondor.Options;

/// <summary>How far back it is asked how jobs ended: <c>Backends:{name}:History</c>.</summary>
internal sealed class HistoryOptions
{
    /// <summary>Most records looked at, newest first; 100 or more.</summary>
    public int ScanLimit { get; set; } = 20000;
}
