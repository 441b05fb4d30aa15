using System.Text.Json;

namespace Gateway.Core.Options;

/// <summary>A value of one option, checked.</summary>
/// <param name="Text">Its text: the string itself, the number as it is written, <c>true</c> or <c>false</c>, or a mapping's JSON.</param>
/// <param name="Map">A mapping itself; undefined for other types.</param>
internal readonly record struct OptionValue(string Text, JsonElement Map = default);
