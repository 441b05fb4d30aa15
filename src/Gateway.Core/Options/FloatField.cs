using System.Globalization;
using System.Text.Json;

namespace Gateway.Core.Options;

/// <summary>A number, within inclusive bounds.</summary>
internal sealed class FloatField(string name, string label, double? min, double? max) : OptionField(name, label)
{
    public override OptionValue Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw Wrong("a number", value);
        }

        return value.TryGetDouble(out var number) && double.IsFinite(number) && number >= (min ?? double.MinValue) && number <= (max ?? double.MaxValue)
            ? new(Show(number))
            : throw Wrong(Bounds.Say("a number", min, max) ?? "a number that fits a double", value);
    }

    public override void Write(Utf8JsonWriter json, OptionValue value) => json.WriteRawValue(value.Text);

    public override void Describe(Utf8JsonWriter json)
    {
        json.WriteString("type", "float");
        Bounds.Write(json, "min", min is { } least ? Show(least) : null);
        Bounds.Write(json, "max", max is { } most ? Show(most) : null);
    }

    // A float stays one on its way through the client: 3 is written as 3.0.
    private static string Show(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0";
    }
}
