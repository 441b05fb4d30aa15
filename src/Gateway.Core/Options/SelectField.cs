using System.Text.Json;

namespace Gateway.Core.Options;

/// <summary>One of the listed strings.</summary>
internal sealed class SelectField(string name, string label, IReadOnlyList<string> choices) : OptionField(name, label)
{
    private const int ChoicesShown = 20;

    public override OptionValue Read(JsonElement value)
    {
        if (JsonText.TryString(value, out var text) && choices.Contains(text, StringComparer.Ordinal))
        {
            return new(text);
        }

        var more = choices.Count > ChoicesShown ? $" and {choices.Count - ChoicesShown} more" : "";
        throw Wrong($"one of {string.Join(", ", choices.Take(ChoicesShown).Select(choice => $"\"{choice}\""))}{more}", value);
    }

    public override void Write(Utf8JsonWriter json, OptionValue value) => json.WriteStringValue(value.Text);

    public override void Describe(Utf8JsonWriter json)
    {
        json.WriteString("type", "select");
        json.WriteStartArray("options");
        foreach (var choice in choices)
        {
            json.WriteStringValue(choice);
        }

        json.WriteEndArray();
    }
}
