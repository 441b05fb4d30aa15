using System.Collections.Immutable;
using Gateway.Core.Store;
using Microsoft.Extensions.Logging;

namespace Gateway.Storage.Signals;

/// <summary>Hands changes to those who listen in this process.</summary>
internal sealed partial class ChangeHub(ILogger<ChangeHub> logger) : IChangeSignal
{
    private ImmutableArray<Subscription> _subscriptions = [];

    public IDisposable Subscribe(Action<Change> listener)
    {
        var subscription = new Subscription(this, listener);
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Add(subscription));
        return subscription;
    }

    public void Publish(IEnumerable<Change> changes)
    {
        foreach (var change in changes)
        {
            foreach (var subscription in _subscriptions)
            {
                try
                {
                    subscription.Listener(change);
                }
#pragma warning disable CA1031 // One listener's fault must reach neither the others nor the change itself, which has taken place.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    LogListenerFailed(logger, e, change.Kind);
                }
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A listener failed on a change of kind {Kind}.")]
    private static partial void LogListenerFailed(ILogger logger, Exception exception, ChangeKind kind);

    private sealed class Subscription(ChangeHub hub, Action<Change> listener) : IDisposable
    {
        public Action<Change> Listener => listener;

        public void Dispose() => ImmutableInterlocked.Update(ref hub._subscriptions, list => list.Remove(this));
    }
}
