using Gateway.Proxy.Routing;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>A client's socket, a scheduler's socket, and the two directions between them. Owned by one loop; reused, never collected.</summary>
internal sealed class Link(int slot)
{
    public readonly int Slot = slot;

    /// <summary>Distinguishes this connection's events from those of the one that had the slot before.</summary>
    public uint Generation;
    public LinkState State;
    public bool Queued, Registered, ClientOut;

    /// <summary>A PROXY header may come first.</summary>
    public bool ExpectsHeader;

    /// <summary>The source has been counted and must be given back.</summary>
    public bool SourceCounted;
    public UInt128 Source;

    /// <summary>Nonzero: the client's port as a PROXY header told it, and <see cref="Source"/> is its address.</summary>
    public int ToldPort;
    public Listening? Listener;
    public int Client = -1, Server = -1;
    public int LowWater;

    /// <summary>In the loop's milliseconds; 0: none.</summary>
    public long Deadline, Active, ConnectStarted;
    public RouteEntry? Route;
    public SchedulerAddress[] Addresses = [];
    public int Address;
    public Half Up, Down;
}
