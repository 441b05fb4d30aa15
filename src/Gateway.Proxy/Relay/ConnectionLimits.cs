using System.Runtime.InteropServices;
using Gateway.Proxy.Configuration;

namespace Gateway.Proxy.Relay;

/// <summary>Counts connections against the configured limits, over all loops and listeners.</summary>
internal sealed class ConnectionLimits
{
    // What a process needs beside connections: assemblies, database, logs, pipes of the relay.
    private const int ReservedDescriptors = 512;
    private const int Stripes = 64;

    private readonly Dictionary<UInt128, int>[] _sources = new Dictionary<UInt128, int>[Stripes];
    private readonly int _perSource;
    private readonly RateLimit? _rate;
    private int _total;

    public ConnectionLimits(ProxyLimits limits, long? descriptors, TimeProvider time)
    {
        _perSource = limits.MaxConnectionsPerSource;
        _rate = limits.MaxNewConnectionsPerSecond > 0 ? new RateLimit(limits.MaxNewConnectionsPerSecond, time) : null;
        Max = limits.MaxConnections > 0 ? limits.MaxConnections : FromDescriptors(descriptors);
        for (int i = 0; i < Stripes; i++)
        {
            _sources[i] = [];
        }
    }

    /// <summary>Connections that may be open in all.</summary>
    public int Max { get; }

    public int Total => Volatile.Read(ref _total);

    /// <summary>Takes a place among all connections; null: taken, and to be given back with <see cref="Leave"/>.</summary>
    public Refusal? Enter()
    {
        if (Interlocked.Increment(ref _total) > Max)
        {
            Interlocked.Decrement(ref _total);
            return Refusal.TotalLimit;
        }

        if (_rate?.TryTake() == false)
        {
            Interlocked.Decrement(ref _total);
            return Refusal.RateLimit;
        }

        return null;
    }

    /// <summary>Takes a place among those of one source. False: it has as many as it may.</summary>
    public bool TryEnterSource(UInt128 source)
    {
        if (_perSource == 0)
        {
            return true;
        }

        var stripe = StripeOf(source);
        lock (stripe)
        {
            ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(stripe, source, out _);
            if (count >= _perSource)
            {
                return false;
            }

            count++;
            return true;
        }
    }

    /// <summary>Gives back what <see cref="Enter"/> and, unless <paramref name="source"/> is null, <see cref="TryEnterSource"/> took.</summary>
    public void Leave(UInt128? source)
    {
        Interlocked.Decrement(ref _total);
        if (_perSource == 0 || source is not { } key)
        {
            return;
        }

        var stripe = StripeOf(key);
        lock (stripe)
        {
            ref int count = ref CollectionsMarshal.GetValueRefOrNullRef(stripe, key);
            if (--count == 0)
            {
                stripe.Remove(key);
            }
        }
    }

    // A relayed connection takes two descriptors.
    private static int FromDescriptors(long? descriptors) =>
        descriptors is { } limit ? (int)Math.Clamp((limit - ReservedDescriptors) / 2, 64, 1_000_000) : 1_000_000;

    private Dictionary<UInt128, int> StripeOf(UInt128 source) => _sources[(uint)source.GetHashCode() % Stripes];
}
