using System.Net;
using System.Net.Sockets;
using Gateway.Server.Caching;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Basic;

/// <summary>Counts failed attempts per source address and user name, so that passwords cannot be guessed in a row.</summary>
internal sealed class FailureThrottle(IOptions<AuthOptions> options, TimeProvider time)
{
    private const int Capacity = 20_000;
    private readonly BoundedCache<(string Source, string User), Failures> _failures = new(Capacity, time);

    /// <summary>How long a user from an address has to wait; zero when they may try.</summary>
    public TimeSpan WaitFor(string source, string user) =>
        _failures.TryGet((source, user), out var failures) && failures.Count >= options.Value.Basic.MaxFailures ? Left(failures) : TimeSpan.Zero;

    /// <summary>Counts a failed attempt.</summary>
    /// <returns>How long the user has to wait, where others at the same time have used up the attempts; zero where this was one of them.</returns>
    public TimeSpan WaitAfterFailure(string source, string user)
    {
        var first = new Failures(time.GetTimestamp());
        var failures = _failures.TryAdd((source, user), first, options.Value.Basic.FailureWindow) || !_failures.TryGet((source, user), out var earlier) ? first : earlier;
        return failures.Increment() > options.Value.Basic.MaxFailures ? Left(failures) : TimeSpan.Zero;
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

    private TimeSpan Left(Failures failures)
    {
        var left = options.Value.Basic.FailureWindow - time.GetElapsedTime(failures.Since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
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

        public int Increment() => Interlocked.Increment(ref _count);
    }
}
