using System.Collections.Concurrent;

namespace Gateway.Server.Caching;

/// <summary>Remembers at most a number of values, each for at most a time. Reading takes no lock.</summary>
/// <param name="capacity">Most values.</param>
/// <param name="time">The clock.</param>
internal sealed class BoundedCache<TKey, TValue>(int capacity, TimeProvider time)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();
    private readonly Lock _sweep = new();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool TryGet(TKey key, out TValue value)
    {
        if (_entries.TryGetValue(key, out var entry) && entry.Until > time.GetTimestamp())
        {
            value = entry.Value;
            return true;
        }

        value = default!;
        return false;
    }

    public void Set(TKey key, TValue value, TimeSpan lifetime)
    {
        if (lifetime <= TimeSpan.Zero)
        {
            return;
        }

        var entry = new Entry(value, Until(lifetime));
        if (_entries.TryAdd(key, entry))
        {
            if (Interlocked.Increment(ref _count) > capacity)
            {
                MakeRoom();
            }
        }
        else
        {
            // Whoever removes it in between leaves one value unremembered, which a cache may do.
            _ = _entries.TryGetValue(key, out var old) && _entries.TryUpdate(key, entry, old);
        }
    }

    /// <summary>Remembers a value unless there is one that has not ended; of many who come at the same time with the same key, one gets true.</summary>
    public bool TryAdd(TKey key, TValue value, TimeSpan lifetime)
    {
        var entry = new Entry(value, Until(lifetime));
        if (_entries.TryAdd(key, entry))
        {
            if (Interlocked.Increment(ref _count) > capacity)
            {
                MakeRoom();
            }

            return true;
        }

        return _entries.TryGetValue(key, out var old) && old.Until <= time.GetTimestamp() && _entries.TryUpdate(key, entry, old);
    }

    public void Remove(TKey key)
    {
        if (_entries.TryRemove(key, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    private long Until(TimeSpan lifetime) => time.GetTimestamp() + (long)(lifetime.TotalSeconds * time.TimestampFrequency);

    // Removes what has ended and, when that is not enough, what ends soonest: an eighth at once, so that sorting is paid rarely.
    private void MakeRoom()
    {
        lock (_sweep)
        {
            if (Count <= capacity)
            {
                return;
            }

            var now = time.GetTimestamp();
            var room = Math.Max(1, capacity / 8);
            var soonest = _entries.ToArray();
            Array.Sort(soonest, static (left, right) => left.Value.Until.CompareTo(right.Value.Until));
            for (var i = 0; i < soonest.Length && (i < room || soonest[i].Value.Until <= now); i++)
            {
                Remove(soonest[i].Key);
            }
        }
    }

    private sealed record Entry(TValue Value, long Until);
}
