using System.Text.Json;

namespace Gateway.Core.Options;

/// <summary>True or false.</summary>
internal sealed class BoolField(string name, string label) : OptionField(name, label)
{
    public override OptionValue Read(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => new("true"),
        JsonValueKind.False => new("false"),
        _ => throw Wrong("true or false", value),
    };

    public override void Write(Utf8JsonWriter json, OptionValue value) => json.WriteBooleanValue(value.Text == "true");

    public override void Describe(Utf8JsonWriter json) => json.WriteString("type", "bool");
}
