using System.Reflection;
using System.Runtime.Loader;
using Gateway.Core.Dask;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Core.Backends;

/// <summary>Makes the backends that the configuration names, from built-in plugins and from assemblies given by path.</summary>
public sealed class BackendLoader(IEnumerable<IBackendPlugin> builtIn, IConfiguration configuration, Func<string, IConfigurationSection, BackendContext> context)
{
    private const string Root = "Backends";

    /// <summary>All instances of the section <c>Backends</c>.</summary>
    /// <exception cref="OptionsValidationException">Something in the section is wrong; all that is found is reported at once.</exception>
    public BackendRegistry Load()
    {
        var failures = new List<string>();
        var instances = new List<BackendInstance>();
        foreach (var section in configuration.GetSection(Root).GetChildren())
        {
            try
            {
                instances.Add(Make(section));
            }
            catch (OptionsValidationException e)
            {
                failures.AddRange(e.Failures);
            }
        }

        if (instances.Count == 0 && failures.Count == 0)
        {
            failures.Add($"{Root}: no backend is configured; at least one is needed, such as {Root}:local:Type = Local.");
        }

        return failures.Count == 0 ? new BackendRegistry(instances) : throw new OptionsValidationException(Root, typeof(BackendRegistry), failures);
    }

    private BackendInstance Make(IConfigurationSection section)
    {
        List<IBackendPlugin> plugins = [.. builtIn];
        if (section["Assembly"] is { Length: > 0 } path)
        {
            plugins.AddRange(FromAssembly(section, path));
        }

        string? type = section["Type"];
        var plugin = plugins.LastOrDefault(p => string.Equals(p.Type, type, StringComparison.OrdinalIgnoreCase))
            ?? throw Wrong($"{section.Path}:Type is '{type}'; allowed are {string.Join(", ", plugins.Select(p => p.Type))}.");
        var failures = new List<string>();
        var dask = Bind<DaskSettings>(section.GetSection("Dask"), failures);
        var limits = Bind<BackendLimits>(section.GetSection("Limits"), failures);
        failures.AddRange(DaskSettingsValidator.Failures($"{section.Path}:Dask", dask));
        failures.AddRange(LimitFailures($"{section.Path}:Limits", limits));
        if (failures.Count > 0)
        {
            throw new OptionsValidationException(section.Path, typeof(DaskSettings), failures);
        }

        var made = context(section.Key, section);
        return new BackendInstance(section.Key, plugin.Create(made), dask, limits, new BackendHealth(made.Time));
    }

    /// <summary>A value of the wrong kind and a key that does not exist are mistakes as well.</summary>
    private static T Bind<T>(IConfigurationSection section, List<string> failures)
        where T : new()
    {
        try
        {
            return section.Get<T>(o => o.ErrorOnUnknownConfiguration = true) ?? new T();
        }
        catch (InvalidOperationException e)
        {
            failures.Add($"{section.Path}: {e.Message}");
            return new T();
        }
    }

    private static IEnumerable<string> LimitFailures(string path, BackendLimits limits)
    {
        if (limits.Batch is < 1 or > 10_000)
        {
            yield return $"{path}:Batch is {limits.Batch}; allowed are 1 to 10000.";
        }

        if (limits.Calls is < 1 or > 64)
        {
            yield return $"{path}:Calls is {limits.Calls}; allowed are 1 to 64.";
        }

        if (limits.CallTimeout < TimeSpan.FromSeconds(1) || limits.CallTimeout > TimeSpan.FromHours(1))
        {
            yield return $"{path}:CallTimeout is {limits.CallTimeout}; allowed are 00:00:01 to 01:00:00.";
        }
    }

    private static IEnumerable<IBackendPlugin> FromAssembly(IConfigurationSection section, string path)
    {
        string full = Path.GetFullPath(path);
        Assembly assembly;
        try
        {
            assembly = new PluginLoadContext(full).LoadFromAssemblyPath(full);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or InvalidOperationException)
        {
            throw Wrong($"{section.Path}:Assembly is '{path}', which cannot be loaded: {e.Message}");
        }

        var types = assembly.GetExportedTypes().Where(t => typeof(IBackendPlugin).IsAssignableFrom(t) && t.GetConstructor(Type.EmptyTypes) is not null).ToList();
        return types.Count > 0
            ? types.Select(t => (IBackendPlugin)Activator.CreateInstance(t)!)
            : throw Wrong($"{section.Path}:Assembly is '{path}', which has no public class that implements {nameof(IBackendPlugin)}.");
    }

    private static OptionsValidationException Wrong(string failure) => new(Root, typeof(BackendRegistry), [failure]);

    /// <summary>A plugin brings its own dependencies; what the gateway has already (this assembly above all) is shared.</summary>
    private sealed class PluginLoadContext(string path) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(path))
    {
        private readonly AssemblyDependencyResolver _resolver = new(path);

        protected override Assembly? Load(AssemblyName assemblyName) =>
            Default.Assemblies.Any(a => a.GetName().Name == assemblyName.Name) || _resolver.ResolveAssemblyToPath(assemblyName) is not { } found
                ? null
                : LoadFromAssemblyPath(found);
    }
}
