namespace Gateway.Proxy.Relay.Splice;

/// <summary>One direction of a connection. A pipe, or a buffer, is held only while bytes are in it.</summary>
internal struct Half
{
    public int From, To;
    public Pipe Pipe;
    public int InPipe;

    /// <summary>The end of a small piece that did not fit into the socket.</summary>
    public byte[]? Rest;
    public int RestAt, RestEnd;

    /// <summary>What epoll has told and no call has contradicted since; <see cref="Ending"/>: the peer has finished, a short read does not mean that nothing is left.</summary>
    public bool Readable, Writable, Ending;

    public bool Eof, Shut, IsUp;

    /// <summary>Pieces are big enough for a pipe.</summary>
    public bool Bulk;

    /// <summary>Bytes are held, and the socket they are for does not take them.</summary>
    public bool Blocked;

    /// <summary>The kernel has been told to hold little for this direction.</summary>
    public bool Tight;

    /// <summary>The kernel will not splice this socket, whatever the size.</summary>
    public bool NoSplice;
}
