using System.Text.Json;
using Gateway.Core.Clusters;
using Gateway.Core.Options;
using Gateway.Core.People;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Core.Tests.Options;

/// <summary>Policies out of JSON, as configuration has them.</summary>
internal static class Policies
{
    public static readonly Caller Alice = new() { UserId = Guid.NewGuid(), Name = "alice" };

    public static ClusterPolicy Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return ClusterPolicy.Read(new ConfigurationBuilder().AddInMemoryCollection(Flatten(document.RootElement, "")).Build());
    }

    public static ClusterPolicy WithOption(string option) => Read($$"""{"Options":[{{option}}]}""");

    public static (string Options, ClusterSpec Spec) Resolve(this ClusterPolicy policy, string options, params string[] groups)
    {
        using var document = JsonDocument.Parse(options);
        return policy.Resolve(Alice with { Groups = groups }, "alice", document.RootElement);
    }

    public static string Refusal(this ClusterPolicy policy, string options, params string[] groups)
    {
        var e = Assert.Throws<PublicException>(() => policy.Resolve(options, groups));
        Assert.Equal(422, e.Status);
        return e.Message;
    }

    public static IReadOnlyList<string> Failures(string json) => [.. Assert.Throws<OptionsValidationException>(() => Read(json)).Failures];

    private static IEnumerable<KeyValuePair<string, string?>> Flatten(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Flatten(member.Value, Below(path, member.Name))),
        JsonValueKind.Array => value.EnumerateArray().SelectMany((element, index) => Flatten(element, Below(path, $"{index}"))),
        _ => [new(path, value.ToString())],
    };

    private static string Below(string path, string key) => path.Length == 0 ? key : ConfigurationPath.Combine(path, key);
}
