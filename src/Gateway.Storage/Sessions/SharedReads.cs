using System.Runtime.ExceptionServices;
using Gateway.Core.Store;

namespace Gateway.Storage.Sessions;

/// <summary>
/// One reading for many callers: while readings are on their way to the database, those who come gather for the next. A caller only ever
/// joins a reading that has not begun, so that it sees whatever was committed before it asked.
/// </summary>
/// <param name="read">Reads the values of any number of keys; unknown ones are left out. It bounds itself in time.</param>
/// <param name="atOnce">Most readings at the same time.</param>
/// <param name="patience">How long a caller waits in all.</param>
/// <param name="time">The clock.</param>
/// <param name="busy">Whether requests are ready to run.</param>
internal sealed class SharedReads<TKey, TValue>(
    Func<IReadOnlyCollection<TKey>, CancellationToken, Task<IReadOnlyDictionary<TKey, TValue>>> read, int atOnce, TimeSpan patience, TimeProvider time, Func<bool> busy)
    where TKey : notnull
{
    private const int Largest = 256;

    // Less than this in the queue is within the slack of a reading's own bound.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Queue<Reading> _waiting = new();
    private Reading? _gathering;
    private int _running;

    /// <summary>The value of a key; null where there is none.</summary>
    /// <exception cref="StoreUnavailableException">The database did not answer in time.</exception>
    public async Task<TValue?> ReadAsync(TKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var reading = Join(key);

        // Others wait for it too: who leaves does not end it.
        var values = await reading.Values.WaitAsync(cancellationToken);
        reading.ThrowFor(key);
        return values.TryGetValue(key, out var value) ? value : default;
    }

    private Reading Join(TKey key)
    {
        Reading joined;
        bool begins = false;
        lock (_lock)
        {
            if (_gathering is null || _gathering.Keys.Count >= Largest)
            {
                _gathering = new(time.GetTimestamp());
                _waiting.Enqueue(_gathering);

                // Where none begins all are on their way, each of which looks into the queue when it ends.
                begins = _running < atOnce;
                _running += begins ? 1 : 0;
            }

            joined = _gathering;
            joined.Keys.Add(key);
        }

        if (begins)
        {
            Begin();
        }

        return joined;
    }

    // Requests that are ready may join it, so it goes behind them: four in a reading become ten. At rest it is done at once, on the caller's own thread.
    private void Begin()
    {
        if (busy())
        {
            Queue();
        }
        else
        {
            _ = RunAsync();
        }
    }

    private void Queue() => ThreadPool.UnsafeQueueUserWorkItem(static owner => _ = owner.RunAsync(), this, preferLocal: false);

    private async Task RunAsync()
    {
        if (Next() is not { } reading)
        {
            return;
        }

        try
        {
            reading.Complete(await ReadAsync(reading));
        }
#pragma warning disable CA1031 // Each of the callers throws it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            reading.Fail(e);
        }

        if (!TryEnd())
        {
            // Never the next one on a caller's thread.
            Queue();
        }
    }

    private bool TryEnd()
    {
        lock (_lock)
        {
            bool ends = _waiting.Count == 0;
            _running -= ends ? 1 : 0;
            return ends;
        }
    }

    private Reading? Next()
    {
        lock (_lock)
        {
            if (!_waiting.TryDequeue(out var next))
            {
                _running--;
            }
            else if (ReferenceEquals(next, _gathering))
            {
                _gathering = null;
            }

            return next;
        }
    }

    private async Task<IReadOnlyDictionary<TKey, TValue>> ReadAsync(Reading reading)
    {
        var waited = time.GetElapsedTime(reading.Since);
        if (waited <= Slack)
        {
            return await ReadAsync(reading, CancellationToken.None);
        }

        if (waited >= patience)
        {
            throw TookTooLong(null);
        }

        using var deadline = new CancellationTokenSource(patience - waited, time);
        try
        {
            return await ReadAsync(reading, deadline.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested)
        {
            throw TookTooLong(e);
        }
    }

    private async Task<IReadOnlyDictionary<TKey, TValue>> ReadAsync(Reading reading, CancellationToken cancellationToken)
    {
        try
        {
            return await read(reading.Keys, cancellationToken);
        }
        catch (Exception e) when (e is not (StoreUnavailableException or OperationCanceledException) && reading.Keys.Count > 1)
        {
            // One key that cannot be asked for must not fail the others.
            return await ReadEachAsync(reading, cancellationToken);
        }
    }

    private async Task<IReadOnlyDictionary<TKey, TValue>> ReadEachAsync(Reading reading, CancellationToken cancellationToken)
    {
        var all = new Dictionary<TKey, TValue>();
        foreach (var key in reading.Keys)
        {
            try
            {
                foreach (var (found, value) in await read([key], cancellationToken))
                {
                    all[found] = value;
                }
            }
            catch (Exception e) when (e is not (StoreUnavailableException or OperationCanceledException))
            {
                reading.FailFor(key, e);
            }
        }

        return all;
    }

    private StoreUnavailableException TookTooLong(Exception? cause) => new($"The database did not answer within {patience.TotalSeconds:0.#} s.", cause);

    private sealed class Reading(long since)
    {
        // Callers go on by themselves, not on the thread of the reading: that one has the next to begin.
        private readonly TaskCompletionSource<IReadOnlyDictionary<TKey, TValue>> _values = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Dictionary<TKey, Exception>? _failures;

        /// <summary>When the first caller came.</summary>
        public long Since => since;

        /// <summary>Not changed any more once it has left the queue.</summary>
        public HashSet<TKey> Keys { get; } = [];

        public Task<IReadOnlyDictionary<TKey, TValue>> Values => _values.Task;

        public void Complete(IReadOnlyDictionary<TKey, TValue> values) => _values.TrySetResult(values);

        public void Fail(Exception exception)
        {
            _values.TrySetException(exception);

            // All callers may have gone: an exception that nobody awaits is no event of its own.
            _ = _values.Task.Exception;
        }

        public void FailFor(TKey key, Exception exception) => (_failures ??= [])[key] = exception;

        public void ThrowFor(TKey key)
        {
            if (_failures?.TryGetValue(key, out var exception) == true)
            {
                ExceptionDispatchInfo.Throw(exception);
            }
        }
    }
}
