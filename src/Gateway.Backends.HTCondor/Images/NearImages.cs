namespace Gateway.Backends.HTCondor.Images;

/// <summary>Finds images with names like one that is not there.</summary>
internal static class NearImages
{
    private const int MaxShown = 5;
    // A catalog may have tens of thousands of images, and lies on a network.
    private const int MaxLooked = 5000;

    /// <summary>Whole paths, nearest first: the catalog is followed as far down as the path exists, and its names there are compared.</summary>
    public static IReadOnlyList<string> Of(string path, string catalog)
    {
        var folder = catalog.TrimEnd('/');
        var parts = path[(folder.Length + 1)..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        var at = 0;
        while (at < parts.Length - 1 && Directory.Exists(Path.Combine(folder, parts[at])))
        {
            folder = Path.Combine(folder, parts[at++]);
        }

        var wanted = at < parts.Length ? parts[at] : "";
        return [.. Names(folder)
            .Select(name => (Name: name, Far: Distance(wanted, name)))
            .Where(near => near.Far <= Math.Max(wanted.Length, near.Name.Length) / 2 || Base(near.Name) == Base(wanted))
            .OrderBy(near => Base(near.Name) == Base(wanted) ? 0 : 1).ThenBy(near => near.Far).ThenBy(near => near.Name, StringComparer.Ordinal)
            .Take(MaxShown)
            .Select(near => Path.Combine(folder, near.Name))];
    }

    private static IReadOnlyList<string> Names(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Take(MaxLooked).Select(entry => Path.GetFileName(entry))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Only a hint is lost.
            return [];
        }
    }

    private static string Base(string name) => name.Split(':')[0];

    // Levenshtein's, in one row.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var corner = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), corner + (char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1));
                corner = above;
            }
        }

        return row[b.Length];
    }
}
