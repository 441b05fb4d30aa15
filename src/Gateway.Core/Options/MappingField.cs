using System.Text.Json;

namespace Gateway.Core.Options;

/// <summary>An object with members of the user's choice.</summary>
internal sealed class MappingField(string name, string label, int maxLength) : OptionField(name, label)
{
    public override OptionValue Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("a mapping", value);
        }

        var raw = value.GetRawText();
        if (raw.Length > maxLength)
        {
            throw new PublicException(422, $"{Name} must be a mapping of at most {maxLength} characters of JSON, got {raw.Length}");
        }

        return IsText(value) ? new(raw, value) : throw Wrong("a mapping of valid Unicode text", value);
    }

    public override void Write(Utf8JsonWriter json, OptionValue value) => json.WriteRawValue(value.Text);

    public override void Describe(Utf8JsonWriter json) => json.WriteString("type", "mapping");

    private static bool IsText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonText.TryString(value, out _),
        JsonValueKind.Array => value.EnumerateArray().All(IsText),
        JsonValueKind.Object => value.EnumerateObject().All(member => JsonText.TryName(member, out _) && IsText(member.Value)),
        _ => true,
    };
}
