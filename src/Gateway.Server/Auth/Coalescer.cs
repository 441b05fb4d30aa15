using System.Collections.Concurrent;

namespace Gateway.Server.Auth;

/// <summary>Lets everybody who asks the same at the same time share one answer.</summary>
internal sealed class Coalescer<TKey, TValue>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Lazy<Task<TValue>>> _running = new();

    /// <param name="key">What is asked.</param>
    /// <param name="work">Finds the answer; it takes no caller's token, since one who leaves must not take the answer from the others, and bounds itself.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    public Task<TValue> RunAsync(TKey key, Func<Task<TValue>> work, CancellationToken cancellationToken)
    {
        var mine = new Lazy<Task<TValue>>(() => Task.Run(work, CancellationToken.None));
        var shared = _running.GetOrAdd(key, mine);
        var task = shared.Value;
        if (ReferenceEquals(shared, mine))
        {
            _ = task.ContinueWith(
                (_, state) => ((ConcurrentDictionary<TKey, Lazy<Task<TValue>>>)state!).TryRemove(new(key, mine)),
                _running, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return task.WaitAsync(cancellationToken);
    }
}
