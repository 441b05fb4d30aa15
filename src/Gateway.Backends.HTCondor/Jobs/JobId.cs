using System.Globalization;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>A job's number in its schedd.</summary>
internal readonly record struct JobId(int Cluster, int Proc) : IComparable<JobId>
{
    public static bool TryParse(ReadOnlySpan<char> text, out JobId id)
    {
        var dot = text.IndexOf('.');
        id = default;
        if (dot <= 0
            || !int.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var cluster)
            || !int.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var proc))
        {
            return false;
        }

        id = new JobId(cluster, proc);
        return true;
    }

    public int CompareTo(JobId other) => (Cluster, Proc).CompareTo((other.Cluster, other.Proc));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Cluster}.{Proc}");
}
