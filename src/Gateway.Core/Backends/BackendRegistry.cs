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

    /// <summary>An instance by its name; null when it is not configured here.</summary>
    public BackendInstance? Find(string name) => _instances.GetValueOrDefault(name);
}
