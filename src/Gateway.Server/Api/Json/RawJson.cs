using System.Text.Json.Serialization;

namespace Gateway.Server.Api.Json;

/// <summary>JSON that was checked when it was stored, written as it is.</summary>
/// <param name="Text">One JSON value.</param>
[JsonConverter(typeof(RawJsonConverter))]
internal readonly record struct RawJson(string Text);
