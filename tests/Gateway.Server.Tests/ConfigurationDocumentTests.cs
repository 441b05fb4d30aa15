using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Gateway.Server.Tests;

/// <summary><c>docs/configuration.md</c> has every key that is read, and no other.</summary>
public sealed partial class ConfigurationDocumentTests
{
    private static readonly (string Assembly, string Type, string Section)[] Bound =
    [
        ("gateway", "Gateway.Server.Hosting.ServerOptions", "Server"),
        ("gateway", "Gateway.Server.Api.ApiSettings", "Server"),
        ("gateway", "Gateway.Server.Auth.AuthOptions", "Authentication"),
        ("Gateway.Core", "Gateway.Core.People.AccountOptions", "Accounts"),
        ("Gateway.Storage", "Gateway.Storage.Configuration.StorageOptions", "Storage"),
        ("Gateway.Core", "Gateway.Core.Options.ClusterDefaults", "Clusters"),
        ("Gateway.Core", "Gateway.Core.Clusters.PlannerSettings", "Lifecycle"),
        ("Gateway.Core", "Gateway.Core.Reconciliation.ReconcilerSettings", "Reconciliation"),
        ("Gateway.Proxy", "Gateway.Proxy.Configuration.ProxyOptions", "Proxy"),
        ("Gateway.Core", "Gateway.Core.Backends.BackendLimits", "Backends:{}:Limits"),
        ("Gateway.Core", "Gateway.Core.Dask.DaskSettings", "Backends:{}:Dask"),
        ("Gateway.Backends.Local", "Gateway.Backends.Local.LocalOptions", "Backends:{}"),
        ("Gateway.Backends.HTCondor", "Gateway.Backends.HTCondor.Options.HTCondorOptions", "Backends:{}"),
        ("Gateway.Backends.HTCondor", "Gateway.Backends.HTCondor.Options.SubmitOptions", "Backends:{}:Submit"),
    ];

    // Read by name, not bound to a class: a name that is misspelt here fails the other test.
    private static readonly string[] ReadByName =
    [
        "Server:PathBase", "Telemetry:OtlpEndpoint", "Logging:LogLevel", "Logging:Console:FormatterName", "Backends:{}:Type", "Backends:{}:Assembly",
    ];

    // Of shared classes what a section does not have, and what the program fills in itself.
    private static readonly string[] NotRead = ["Clusters:Scheduler:Threads", "Lifecycle:Backends", "Lifecycle:CountingTakes"];

    [Fact]
    public void Document_EveryKeyThatIsRead_IsListed() => Assert.Empty(Keys().Except(Documented()).Order(StringComparer.Ordinal));

    [Fact]
    public void Document_EveryKeyListed_IsRead() => Assert.Empty(Documented().Except(Keys()).Order(StringComparer.Ordinal));

    private static IEnumerable<string> Keys()
    {
        var bound = Bound.SelectMany(b => Properties(Assembly.Load(b.Assembly).GetType(b.Type, throwOnError: true)!, b.Section));
        var options = Constants("Gateway.Core.Options.SchemaReader").Select(key => $"Options:{{}}:{key}");
        var limits = Constants("Gateway.Core.Options.ClusterLimits").SelectMany(key => new[] { $"Limits:{key}", $"Limits:Groups:{{}}:{key}" });
        return bound.Concat(options).Concat(limits).Concat(ReadByName).Except(NotRead).Distinct(StringComparer.Ordinal);
    }

    /// <summary>The keys below a section: of dictionaries the dictionary itself, of lists of records the records' keys.</summary>
    private static IEnumerable<string> Properties(Type type, string section)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            string key = $"{section}:{property.Name}";
            var inner = property.PropertyType.IsGenericType ? property.PropertyType.GetGenericArguments()[^1] : property.PropertyType;
            bool isRecord = inner.IsClass && inner.Namespace?.StartsWith("Gateway.", StringComparison.Ordinal) == true;
            foreach (string found in !isRecord ? [key] : Properties(inner, inner == property.PropertyType ? key : $"{key}:{{}}"))
            {
                yield return found;
            }
        }
    }

    private static string[] Constants(string type) =>
        (string[])Assembly.Load("Gateway.Core").GetType(type, throwOnError: true)!.GetField("Keys", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;

    /// <summary>The keys in the first column of each table, below the key that its heading names.</summary>
    private static HashSet<string> Documented([CallerFilePath] string here = "")
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        string below = "";
        foreach (string line in File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, "../../docs/configuration.md")).Where(l => l.StartsWith('|') && !l.StartsWith("|---", StringComparison.Ordinal)))
        {
            string[] spans = [.. CodeSpan().Matches(line.Split('|')[1]).Select(m => Placeholder().Replace(m.Groups[1].Value, "{}"))];
            if (line.StartsWith("| Key", StringComparison.Ordinal))
            {
                below = spans.Length == 0 ? "" : spans[0] + ":";
                continue;
            }

            // In a row of siblings all but the first may be short: they lie beside it.
            string beside = spans[0][..(spans[0].LastIndexOf(':') + 1)];
            foreach (string span in spans)
            {
                string key = below + (span.Contains(':', StringComparison.Ordinal) ? span : beside + span);
                int target = key.IndexOf("Values:", StringComparison.Ordinal);
                key = target < 0 ? key : key[..(target + "Values".Length)];
                keys.Add(key.EndsWith(":{}", StringComparison.Ordinal) ? key[..^3] : key);
            }
        }

        return keys;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();
}
