using System.Globalization;
using System.Net;

namespace Gateway.Backends.Local.Addresses;

/// <summary>A TCP socket of this machine that accepts connections.</summary>
/// <param name="Address">Where it listens; any address is all zeros.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Inode">What a process's descriptor of it is called: <c>socket:[inode]</c>.</param>
internal readonly record struct ListeningSocket(IPAddress Address, int Port, string Inode)
{
    private const string Listening = "0A";

    /// <summary>Those that listen on a port.</summary>
    public static List<ListeningSocket> Read(int port) => SocketDiagnostics.OnPort(port) ?? ReadTables(port);

    /// <summary>The same from the kernel's tables, which every kernel has.</summary>
    internal static List<ListeningSocket> ReadTables(int port)
    {
        var sockets = new List<ListeningSocket>();
        foreach (var path in new[] { "/proc/net/tcp", "/proc/net/tcp6" })
        {
            // The second is missing where IPv6 is switched off.
            if (File.Exists(path))
            {
                sockets.AddRange(File.ReadLines(path).Where(line => IsOf(line, port)).Select(Parse).OfType<ListeningSocket>());
            }
        }

        return sockets;
    }

    /// <summary>Whether a line of the kernel's table is of a socket that listens on a port. A machine may have many thousands that do not.</summary>
    internal static bool IsOf(ReadOnlySpan<char> line, int port)
    {
        Span<Range> fields = stackalloc Range[5];
        if (line.Split(fields, ' ', StringSplitOptions.RemoveEmptyEntries) < 5 || line[fields[3]] is not Listening)
        {
            return false;
        }

        var local = line[fields[1]];
        return int.TryParse(local[(local.LastIndexOf(':') + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var found) && found == port;
    }

    /// <summary>One line of the kernel's table; null when it does not listen.</summary>
    internal static ListeningSocket? Parse(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 10 || fields[3] != Listening || fields[1].Split(':') is not [var address, var port])
        {
            return null;
        }

        // Words of 32 bits in the machine's order, each holding network order.
        var bytes = Convert.FromHexString(address);
        if (BitConverter.IsLittleEndian)
        {
            for (var word = 0; word < bytes.Length; word += 4)
            {
                bytes.AsSpan(word, 4).Reverse();
            }
        }

        return new ListeningSocket(new IPAddress(bytes), int.Parse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture), fields[9]);
    }
}
