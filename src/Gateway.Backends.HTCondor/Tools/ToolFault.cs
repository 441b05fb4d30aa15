namespace Gateway.Backends.HTCondor.Tools;

/// <summary>How a call of an HTCondor tool went wrong: a bounded set, fit for metrics.</summary>
internal enum ToolFault
{
    /// <summary>The daemon was never reached: nothing was done.</summary>
    NotReached,

    /// <summary>The daemon did not answer to the end: what was done is not known.</summary>
    Unreachable,

    /// <summary>The tool had to be killed: what it did is not known.</summary>
    TimedOut,

    /// <summary>The daemon does not let this identity do it.</summary>
    Denied,

    /// <summary>A limit of the schedd is reached.</summary>
    Full,

    /// <summary>What was asked is wrong.</summary>
    Rejected,

    /// <summary>The tool itself is not there, or cannot be run.</summary>
    Missing,

    /// <summary>It said more than may be kept.</summary>
    TooMuch,
}
