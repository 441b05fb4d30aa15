using System.Text.Json.Serialization;

namespace Gateway.Server.Auth.Session;

/// <summary>What a session cookie says. Names are short because the ticket travels with every request.</summary>
internal sealed record SessionTicket
{
    [JsonPropertyName("u")]
    public required Guid UserId { get; init; }

    [JsonPropertyName("n")]
    public required string Name { get; init; }

    [JsonPropertyName("g")]
    public required IReadOnlyList<string> Groups { get; init; }

    [JsonPropertyName("a")]
    public required bool Admin { get; init; }

    /// <summary>Name of the mode that the user signed in by.</summary>
    [JsonPropertyName("m")]
    public required string Mode { get; init; }

    [JsonPropertyName("s")]
    public required string Stamp { get; init; }

    /// <summary>End of the session, in seconds since 1970.</summary>
    [JsonPropertyName("e")]
    public required long Ends { get; init; }
}
