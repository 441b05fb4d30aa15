namespace Gateway.Proxy.Relay.Splice;

/// <summary>How far a connection has come.</summary>
internal enum LinkState : byte
{
    Free,

    /// <summary>The client has not yet said whom it wants.</summary>
    Peeking,

    /// <summary>It has, and there is no route yet.</summary>
    Waiting,
    Connecting,
    Relaying,
}
