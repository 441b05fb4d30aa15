using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Gateway.Backends.Local.Jobs;
using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Addresses;

/// <summary>Whether an address is this machine's and a process of the job accepts connections there.</summary>
/// <remarks>A scheduler's word is a user's word: without this check it could have the gateway connect to anybody.</remarks>
internal sealed class AddressCheck(TimeProvider time)
{
    private static readonly TimeSpan NameWait = TimeSpan.FromSeconds(5);

    public async Task<AddressVerdict> CheckAsync(LocalJob job, string host, IReadOnlyList<int> ports, CancellationToken cancellationToken)
    {
        // An empty name would be resolved to this machine itself.
        if (job.End is not null || ports.Any(port => port is < 1 or > 65535) || string.IsNullOrWhiteSpace(host))
        {
            return AddressVerdict.No;
        }

        var addresses = await ResolveAsync(host, cancellationToken);
        if (addresses is null)
        {
            return AddressVerdict.NotYet;
        }

        // All of them: who connects may be given any.
        if (addresses.Length == 0 || (!addresses.All(IPAddress.IsLoopback) && !AreMine(addresses)))
        {
            return AddressVerdict.No;
        }

        return job.Leader is null ? AddressVerdict.NotYet : Listens(job, addresses, ports);
    }

    private static AddressVerdict Listens(LocalJob job, IReadOnlyList<IPAddress> addresses, IReadOnlyList<int> ports)
    {
        // The sockets first: processes that are looked at after them have all of theirs.
        List<List<ListeningSocket>> reached = [.. ports.Select(port => Reached(ListeningSocket.Read(port), addresses))];
        List<ListeningSocket> all = [.. reached.SelectMany(found => found)];

        // Most often its own children have them. Who was left behind by its parent is found by a look at all processes of the machine.
        if (!AreOwn(all, SocketsOf(ProcessTable.ReadBelow(job.Leader!.Pid), job)) && !AreOwn(all, SocketsOf(ProcessTable.Read(), job)))
        {
            return AddressVerdict.No;
        }

        return reached.Exists(found => found.Count == 0) ? AddressVerdict.NotYet : AddressVerdict.Yes;
    }

    private static List<ListeningSocket> Reached(IReadOnlyList<ListeningSocket> sockets, IReadOnlyList<IPAddress> addresses) => [.. addresses.SelectMany(address => Reached(sockets, address))];

    private static bool AreOwn(List<ListeningSocket> reached, HashSet<string> own) => reached.TrueForAll(socket => own.Contains($"socket:[{socket.Inode}]"));

    /// <summary>Who gets a connection to an address: the most special listeners win, as in the kernel.</summary>
    internal static List<ListeningSocket> Reached(IReadOnlyList<ListeningSocket> sockets, IPAddress address)
    {
        foreach (var candidate in new[] { address, address.MapToIPv6(), address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, IPAddress.IPv6Any })
        {
            List<ListeningSocket> found = [.. sockets.Where(socket => socket.Address.Equals(candidate))];
            if (found.Count > 0)
            {
                return found;
            }
        }

        return [];
    }

    private static HashSet<string> SocketsOf(IEnumerable<ProcessStat> processes, LocalJob job)
    {
        var own = new HashSet<string>(StringComparer.Ordinal);
        foreach (var process in processes.Where(process => process.Session == job.Leader!.Pid))
        {
            try
            {
                foreach (var descriptor in new DirectoryInfo($"/proc/{process.Pid.ToString(CultureInfo.InvariantCulture)}/fd").EnumerateFileSystemInfos())
                {
                    if (descriptor.LinkTarget is { } target && target.StartsWith("socket:", StringComparison.Ordinal))
                    {
                        own.Add(target);
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Ended meanwhile, or closed to us: what is not seen is not the job's.
                continue;
            }
        }

        return own;
    }

    private static bool AreMine(IPAddress[] addresses)
    {
        var mine = Mine();
        return addresses.All(address => IPAddress.IsLoopback(address) || mine.Contains(address));
    }

    private static HashSet<IPAddress> Mine() =>
        [.. NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => Plain(unicast.Address))];

    /// <summary>The addresses of a name, without scope and in their shortest family; null when the name's servers do not answer.</summary>
    private async Task<IPAddress[]?> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [Plain(literal)];
        }

        using var patience = new CancellationTokenSource(NameWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return [.. (await Dns.GetHostAddressesAsync(host, either.Token)).Select(Plain)];
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.TryAgain)
        {
            return null;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return [];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
}
