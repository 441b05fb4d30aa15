using System.Diagnostics;
using System.Runtime.InteropServices;
using Gateway.Proxy.Interop;
using Gateway.Proxy.Sni;
using static Gateway.Proxy.Interop.Libc;

namespace Gateway.Proxy.Relay.Splice;

/// <summary>
/// One thread, one epoll set: accepts, peeks, connects and relays, without a task or an allocation per connection.
/// A socket is registered once, edge-triggered; what is ready is remembered in its <see cref="Half"/>, and only the direction concerned is tried.
/// </summary>
/// <remarks>
/// No socket here is ever a runtime <c>Socket</c>: one that has done anything asynchronous stays in the runtime's own epoll set until it is
/// closed, and every packet then wakes the runtime's threads as well.
/// </remarks>
internal sealed unsafe partial class RelayLoop
{
    private const ulong WakeUp = ulong.MaxValue;
    private const ulong ListenFlag = 1UL << 63;
    private const uint Reads = EPOLLIN | EPOLLRDHUP | EPOLLET;
    private const uint Both = Reads | EPOLLOUT;
    private const int MaxEvents = 256;

    private readonly SpliceRelay _relay;
    private readonly RelayContext _context;
    private readonly Descriptor _epoll = Descriptor.Epoll();
    private readonly Descriptor _wake = Descriptor.Event();
    private readonly int _ep;
    private readonly byte* _buffer = (byte*)NativeMemory.Alloc(ClientHello.MaxBytes);
    private readonly Lock _posting = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stack<Link> _free = new();
    private readonly Queue<Link> _again = new();
    private readonly Dictionary<int, Listening> _listeners = [];
    private readonly PipePool _pipes;
    private List<Action> _posted = [];
    private Link[] _links = new Link[64];
    private int _slots, _live;
    private bool _stopping;
    private volatile bool _ended;

    public RelayLoop(SpliceRelay relay, RelayContext context, int number)
    {
        (_relay, _context, Name) = (relay, context, $"relay loop {number}");
        _pipes = new PipePool(context.IsShort);
        _ep = _epoll.Number;
        _spinTicks = (long)(context.Options.SpinTime.TotalSeconds * Stopwatch.Frequency);
        if (!Watch(_ep, CTL_ADD, _wake.Number, EPOLLIN, WakeUp))
        {
            throw LastError();
        }

        new Thread(Run) { IsBackground = true, Name = Name }.Start();
    }

    public string Name { get; }

    public RelayCounters Counters { get; } = new();

    /// <summary>Connections here, in any state; a value just past, since only this loop's thread writes it.</summary>
    public int Live => _ended ? 0 : Volatile.Read(ref _live);

    /// <summary>Any loop may take a connection from the listening socket; the kernel wakes one of them.</summary>
    public Task ListenAsync(Listening listening) => PostAsync(() =>
    {
        if (!Watch(_ep, CTL_ADD, listening.Descriptor, EPOLLIN | EPOLLEXCLUSIVE, ListenFlag | (uint)listening.Id))
        {
            throw LastError();
        }

        _listeners.Add(listening.Id, listening);
    });

    /// <summary>Completes when this loop will not touch the listening socket again.</summary>
    public Task StopListeningAsync(Listening listening) => PostAsync(() =>
    {
        if (_listeners.Remove(listening.Id) && !_paused.Remove(listening))
        {
            epoll_ctl(_ep, CTL_DEL, listening.Descriptor, null);
        }
    });

    /// <summary>Closes every connection and ends the thread.</summary>
    public Task StopAsync() => Post(() => _stopping = true) ? _finished.Task : Task.CompletedTask;

    /// <summary>Runs an action on this loop's thread. False: the loop has ended, and the action will not run.</summary>
    internal bool Post(Action action)
    {
        lock (_posting)
        {
            if (_ended)
            {
                return false;
            }

            _posted.Add(action);
            ulong one = 1;
            write(_wake.Number, (byte*)&one, sizeof(ulong));
            return true;
        }
    }

    private Task PostAsync(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool posted = Post(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e); // the caller's failure, not the loop's
            }
        });
        return posted ? done.Task : Task.CompletedTask;
    }

    private void Run()
    {
        try
        {
            byte* events = stackalloc byte[MaxEvents * 16];
            while (!_stopping)
            {
                Turn(events);
            }

            CloseAll();
        }
        catch (Exception e)
        {
            _context.Failure.Report(Name, e);
        }
        finally
        {
            End();
        }
    }

    private void Turn(byte* events)
    {
        int n = Wait(events);
        if (n < 0 && Errno != EINTR)
        {
            throw LastError();
        }

        _now = Environment.TickCount64; // the loop's clock: the one epoll_wait's own timeout follows
        for (int i = 0; i < n; i++)
        {
            byte* e = events + (i * EventSize);
            Dispatch(*(uint*)e, *(ulong*)(e + EventData));
        }

        for (int k = _again.Count; k > 0; k--)
        {
            var link = _again.Dequeue();
            link.Queued = false;
            if (link.State == LinkState.Relaying)
            {
                Move(link, up: true, down: true);
            }
        }

        RunTimers();
    }

    private void Dispatch(uint events, ulong data)
    {
        if (data == WakeUp)
        {
            RunPosted();
        }
        else if ((data & ListenFlag) != 0)
        {
            if (_listeners.TryGetValue((int)(data & int.MaxValue), out var listening))
            {
                Accept(listening);
            }
        }
        else
        {
            // slot << 33 | side << 32 | generation
            var link = _links[(int)(data >> 33)];
            if (link.Generation == (uint)data && link.State != LinkState.Free)
            {
                OnEvent(link, ((data >> 32) & 1) != 0, events);
            }
        }
    }

    private void RunPosted()
    {
        ulong count;
        read(_wake.Number, (byte*)&count, sizeof(ulong));
        List<Action> actions;
        lock (_posting)
        {
            (actions, _posted) = (_posted, []);
        }

        foreach (var action in actions)
        {
            action();
        }
    }

    private void End()
    {
        List<Action> late;
        lock (_posting)
        {
            _ended = true;
            late = _posted;
        }

        // Connections handed over and requests to stop listening must not be lost with the thread.
        foreach (var action in late)
        {
            action();
        }

        if (_stopping)
        {
            CloseAll();
        }

        _pipes.CloseIdle();
        _epoll.Dispose();
        _wake.Dispose();
        NativeMemory.Free(_buffer);
        _finished.TrySetResult();
    }
}
