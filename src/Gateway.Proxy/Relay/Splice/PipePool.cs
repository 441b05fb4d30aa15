using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>One loop's pipes. A direction holds one only while bytes are in it, so a few serve many connections.</summary>
internal sealed unsafe class PipePool(Func<nint, bool> isShort)
{
    // 256 slots. A slot holds a page fragment of up to 32 KiB, so a pipe takes more than its nominal size.
    private const int Size = 1 << 20;
    private const int MaxIdle = 16;
    private const int MaxOut = 256;

    private readonly Stack<Pipe> _idle = new();
    private int _out;

    public bool TryRent(out Pipe pipe)
    {
        if (!_idle.TryPop(out pipe))
        {
            int* ends = stackalloc int[2];
            if (_out >= MaxOut || pipe2(ends, NONBLOCK | CLOEXEC) != 0)
            {
                return false;
            }

            pipe = new Pipe(ends[0], ends[1]);
            if (isShort(pipe.Write))
            {
                Close(pipe);
                pipe = default;
                return false;
            }

            // Without CAP_SYS_RESOURCE the pipes of one user may hold fs.pipe-user-pages-soft pages (16384: 64 pipes of this size).
            // After that the size is refused, and new pipes have two slots: worse than copying.
            if (fcntl(pipe.Write, F_SETPIPE_SZ, Size) < 0)
            {
                Close(pipe);
                pipe = default;
                return false;
            }
        }

        _out++;
        return true;
    }

    /// <param name="pipe">From <see cref="TryRent"/>.</param>
    /// <param name="isEmpty">Only then may another connection have it.</param>
    public void Return(Pipe pipe, bool isEmpty)
    {
        _out--;
        if (isEmpty && _idle.Count < MaxIdle)
        {
            _idle.Push(pipe);
        }
        else
        {
            Close(pipe);
        }
    }

    public void CloseIdle()
    {
        while (_idle.TryPop(out var pipe))
        {
            Close(pipe);
        }
    }

    private static void Close(Pipe pipe)
    {
        close(pipe.Read);
        close(pipe.Write);
    }
}
