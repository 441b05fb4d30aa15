using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>Bounds what readers that have stopped may hold in the kernel.</summary>
/// <remarks>
/// Left alone, one stuck stream pins what its pipe and both its socket buffers grew to, some ten megabytes, and a few hundred of them
/// exhaust <c>net.ipv4.tcp_mem</c>, after which the kernel resets connections of everybody. A few may have that much, since it makes streams
/// cheap; once several are stuck, each direction that goes on is given little.
/// </remarks>
internal sealed partial class RelayLoop
{
    private const int ManyBlocked = 8;
    private const int TightSplice = 128 * 1024;
    private const int TightUnsent = 128 * 1024;
    private const int TightReceive = 256 * 1024; // the kernel doubles it, for its own account of the memory

    private int _blocked;

    private bool IsUnderPressure => _blocked >= ManyBlocked;

    private void SetBlocked(ref Half h, bool blocked)
    {
        if (h.Blocked != blocked)
        {
            h.Blocked = blocked;
            _blocked += blocked ? 1 : -1;
        }
    }

    /// <summary>How much may be read at once.</summary>
    private int Portion(ref Half h)
    {
        bool tight = IsUnderPressure;
        if (h.Tight != tight)
        {
            h.Tight = tight;
            SetInt(h.To, IPPROTO_TCP, TCP_NOTSENT_LOWAT, tight ? TightUnsent : 0); // 0: as the system has it

            // Not TCP_WINDOW_CLAMP: where the kernel tunes the buffer by itself it lifts the clamp again with every step.
            // The lock is what stops the tuning; taking it off (Linux 5.15) lets it go on.
            SetInt(h.From, SOL_SOCKET, tight ? SO_RCVBUF : SO_BUF_LOCK, tight ? TightReceive : 0);
        }

        return tight ? TightSplice : SpliceLength;
    }
}
