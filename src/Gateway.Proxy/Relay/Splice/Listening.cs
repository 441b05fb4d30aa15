namespace Gateway.Proxy.Relay.Splice;

/// <summary>A listening socket as a loop sees it.</summary>
/// <param name="Id">Unlike the descriptor's number, never used again.</param>
/// <param name="Descriptor">Kept open by whoever listens until every loop has let go of it.</param>
/// <param name="Web">Takes what is not for a scheduler; null: closed.</param>
internal sealed record Listening(int Id, int Descriptor, IWebSink? Web);
