namespace Gateway.Proxy.Dashboards;

/// <summary>Names of cookies that are the gateway's own; a trailing <c>*</c> stands for any ending.</summary>
internal sealed class PrivateNames
{
    private readonly HashSet<string> _exact;
    private readonly string[] _beginnings;

    public PrivateNames(IReadOnlyList<string> names)
    {
        _exact = names.Where(name => !name.EndsWith('*')).ToHashSet(StringComparer.OrdinalIgnoreCase);
        _beginnings = [.. names.Where(name => name.EndsWith('*')).Select(name => name[..^1])];
    }

    public bool Contains(ReadOnlySpan<char> name)
    {
        if (_exact.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name))
        {
            return true;
        }

        foreach (var beginning in _beginnings)
        {
            if (name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A <c>Cookie</c> header without the private ones; null when nothing is left.</summary>
    public string? Filter(string header)
    {
        var kept = header.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(pair => !Contains(NameOf(pair)));
        var text = string.Join("; ", kept);
        return text.Length > 0 ? text : null;
    }

    public static ReadOnlySpan<char> NameOf(string pair)
    {
        int end = pair.AsSpan().IndexOfAny('=', ';');
        return (end < 0 ? pair.AsSpan() : pair.AsSpan(0, end)).Trim();
    }
}
