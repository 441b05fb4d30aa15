using System.Buffers.Text;

namespace Gateway.Server.Memory;

/// <summary>What the kernel says of a process's memory, as <c>/proc/self/smaps</c> has it (man 5 proc_pid_smaps).</summary>
internal static class MemoryMap
{
    // Longer than any line: the longest has a path, of 4096 bytes at most.
    private const int BufferSize = 16 * 1024;

    /// <summary>
    /// The mappings of files that can only be read or run and of which no page is this process's own copy: what is in memory of them is in the file,
    /// byte for byte.
    /// </summary>
    /// <param name="smaps">The file. It has some 40,000 lines, which would be a few MB as strings.</param>
    /// <returns>Address and length in bytes.</returns>
    public static IReadOnlyList<(nint Address, nuint Length)> UnchangedFiles(Stream smaps)
    {
        var found = new List<(nint, nuint)>();
        (nint, nuint)? mapping = null;
        byte[] buffer = new byte[BufferSize];
        int filled = 0;
        while (smaps.Read(buffer, filled, buffer.Length - filled) is > 0 and int read)
        {
            var rest = buffer.AsSpan(0, filled + read);
            while (rest.IndexOf((byte)'\n') is >= 0 and int end)
            {
                var line = rest[..end];
                rest = rest[(end + 1)..];

                // "Rss:   4 kB" is of the mapping whose line came last: its addresses come first there, in small hexadecimal digits.
                if (line.IndexOfAnyInRange((byte)'A', (byte)'Z') != 0)
                {
                    mapping = UnwritableFile(line);
                }
                else if (mapping is { } unwritable && line.StartsWith("Anonymous:"u8) && line["Anonymous:".Length..].Trim((byte)' ').SequenceEqual("0 kB"u8))
                {
                    found.Add(unwritable);
                }
            }

            rest.CopyTo(buffer);
            filled = rest.Length;
        }

        return found;
    }

    // 7f3a45800000-7f3a45c00000 r-xp 00000000 fe:00 1234      /usr/lib/libc.so.6
    private static (nint Address, nuint Length)? UnwritableFile(ReadOnlySpan<byte> line)
    {
        if (!Utf8Parser.TryParse(line, out ulong from, out int used, 'x') || !line[used..].StartsWith("-"u8))
        {
            return null;
        }

        line = line[(used + 1)..];
        bool unwritableFile = Utf8Parser.TryParse(line, out ulong to, out used, 'x')
            && from < to
            && (line[used..].StartsWith(" r--p "u8) || line[used..].StartsWith(" r-xp "u8))
            && line.Contains((byte)'/');
        return unwritableFile ? ((nint)from, (nuint)(to - from)) : null;
    }
}
