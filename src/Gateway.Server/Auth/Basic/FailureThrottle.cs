using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Basic;

/// <summary>Counts failed attempts per source address and user name, so that passwords cannot be guessed in a row.</summary>
internal sealed class FailureThrottle(IOptions<AuthOptions> options, TimeProvider time)
{
    private const int Capacity = 20_000;
    private readonly BoundedCache<(string Source, string User), Failures> _failures = new(Capacity, time);

    /// <summary>How long a user from an address has to wait; zero when they may try.</summary>
    public TimeSpan WaitFor(string source, string user)
    {
        if (!_failures.TryGet((source, user), out var failures) || failures.Count < options.Value.Basic.MaxFailures)
        {
            return TimeSpan.Zero;
        }

        var left = options.Value.Basic.FailureWindow - time.GetElapsedTime(failures.Since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    public void Failed(string source, string user)
    {
        if (!_failures.TryGet((source, user), out var failures))
        {
            failures = new(time.GetTimestamp());
            _failures.Set((source, user), failures, options.Value.Basic.FailureWindow);
        }

        failures.Increment();
    }

    public void Succeeded(string source, string user) => _failures.Remove((source, user));

    /// <summary>What counts as one source: an IPv4 address or an IPv6 /64, which is one subscriber.</summary>
    public static string SourceOf(IPAddress? address)
    {
        if (address is null)
        {
            return "local";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new IPNetwork(Masked(address), 64).ToString()
            : address.ToString();
    }

    private static IPAddress Masked(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private sealed class Failures(long since)
    {
        private int _count;

        public long Since => since;

        public int Count => Volatile.Read(ref _count);

        public void Increment() => Interlocked.Increment(ref _count);
    }
}
