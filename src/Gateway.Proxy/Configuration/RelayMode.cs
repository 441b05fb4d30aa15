namespace Gateway.Proxy.Configuration;

/// <summary>How bytes are moved between a client and its scheduler.</summary>
public enum RelayMode
{
    /// <summary><see cref="Splice"/> where the kernel can, else <see cref="Copy"/>.</summary>
    Auto,

    /// <summary>Inside the kernel, by a few threads. Linux only.</summary>
    Splice,

    /// <summary>Through pooled buffers and asynchronous sockets. Works everywhere.</summary>
    Copy,
}
