using System.Globalization;
using System.Text.Json;

namespace Gateway.Core.Options;

/// <summary>A whole number, within inclusive bounds.</summary>
internal sealed class IntField(string name, string label, long? min, long? max) : OptionField(name, label)
{
    public override OptionValue Read(JsonElement value)
    {
        // 3.0 and 3e0 are not integers to the client either, so the number must be written as one.
        if (value.ValueKind != JsonValueKind.Number || value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E'))
        {
            throw Wrong("an integer", value);
        }

        return value.TryGetInt64(out var number) && number >= (min ?? long.MinValue) && number <= (max ?? long.MaxValue)
            ? new(number.ToString(CultureInfo.InvariantCulture))
            : throw Wrong(Bounds.Say("an integer", min, max) ?? "an integer that fits 64 bits", value);
    }

    public override void Write(Utf8JsonWriter json, OptionValue value) => json.WriteRawValue(value.Text);

    public override void Describe(Utf8JsonWriter json)
    {
        json.WriteString("type", "int");
        Bounds.Write(json, "min", min?.ToString(CultureInfo.InvariantCulture));
        Bounds.Write(json, "max", max?.ToString(CultureInfo.InvariantCulture));
    }
}
