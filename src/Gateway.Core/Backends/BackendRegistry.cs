namespace Gateway.Core.Backends;

/// <summary>The configured backends, by name.</summary>
public sealed class BackendRegistry
{
    private readonly Dictionary<string, BackendInstance> _instances;

    /// <param name="instances">One for each section below <c>Backends</c>.</param>
    public BackendRegistry(IEnumerable<BackendInstance> instances) =>
        _instances = instances.ToDictionary(i => i.Name, StringComparer.Ordinal);

    /// <summary>All instances.</summary>
    public IReadOnlyCollection<BackendInstance> All => _instances.Values;

    /// <summary>Their names.</summary>
    public IReadOnlySet<string> Names => _instances.Keys.ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether a cluster on these instances needs an account of its owner's; one that is not configured here may.</summary>
    /// <param name="names">Names of instances; null: none.</param>
    public bool UseAccounts(params ReadOnlySpan<string?> names)
    {
        foreach (string? name in names)
        {
            if (name is not null && Find(name)?.Backend.UsesAccounts != false)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>An instance by its name; null when it is not configured here.</summary>
    public BackendInstance? Find(string name) => _instances.GetValueOrDefault(name);
}
