using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gateway.Core.Options;

/// <summary>Free text, of bounded length and perhaps of a pattern.</summary>
internal sealed class StringField(string name, string label, int maxLength, Regex? pattern) : OptionField(name, label)
{
    public override OptionValue Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw Wrong("a string", value);
        }

        var text = Text(value);
        if (text.Length > maxLength)
        {
            throw new PublicException(422, $"{Name} must be a string of at most {maxLength} characters, got {text.Length}");
        }

        // Batch systems and process environments are made of lines: a value must not begin another.
        if (text.Any(char.IsControl))
        {
            throw Wrong("a string without control characters", value);
        }

        return pattern is null || pattern.IsMatch(text) ? new(text) : throw Wrong($"a string that matches {pattern}", value);
    }

    public override void Write(Utf8JsonWriter json, OptionValue value) => json.WriteStringValue(value.Text);

    public override void Describe(Utf8JsonWriter json) => json.WriteString("type", "string");
}
