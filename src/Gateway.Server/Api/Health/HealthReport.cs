using System.Text.Json.Serialization;

namespace Gateway.Server.Api.Health;

/// <summary>What <c>/api/health</c> answers.</summary>
/// <param name="Status"><c>pass</c>, <c>warn</c> (something is wrong, the gateway serves) or <c>fail</c>.</param>
/// <param name="Error">What is wrong, when it is a failure.</param>
/// <param name="Checks">What is wrong, by what was looked at; left out when nothing is.</param>
internal sealed record HealthReport(
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Checks = null)
{
    public const string Pass = "pass";
    public const string Warn = "warn";
    public const string Fail = "fail";
}
