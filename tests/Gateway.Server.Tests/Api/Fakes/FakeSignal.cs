using System.Collections.Concurrent;
using Gateway.Core.Store;

namespace Gateway.Server.Tests.Api.Fakes;

/// <summary>Tells of changes when a test says so, and can lose them.</summary>
internal sealed class FakeSignal : IChangeSignal
{
    private readonly ConcurrentDictionary<Subscription, Action<Change>> _listeners = new();

    public bool IsDeaf { get; set; }

    public int Listeners => _listeners.Count;

    public IDisposable Subscribe(Action<Change> listener)
    {
        var subscription = new Subscription(this);
        _listeners[subscription] = listener;
        return subscription;
    }

    public void Tell(ChangeKind kind, string key)
    {
        if (IsDeaf)
        {
            return;
        }

        foreach (var listener in _listeners.Values)
        {
            listener(new(kind, key));
        }
    }

    private sealed class Subscription(FakeSignal signal) : IDisposable
    {
        public void Dispose() => signal._listeners.TryRemove(this, out _);
    }
}
