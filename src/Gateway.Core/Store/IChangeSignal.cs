namespace Gateway.Core.Store;

/// <summary>Tells of changes, those made by other replicas too. One may be missed; waiting costs at most the listener's own period then.</summary>
public interface IChangeSignal
{
    /// <summary>Calls <paramref name="listener"/> on each change, on any thread; it must not block. Disposing ends it.</summary>
    IDisposable Subscribe(Action<Change> listener);
}
