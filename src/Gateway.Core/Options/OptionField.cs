using System.Text.Json;
using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>One option that users may set: how it is shown, what is allowed and what it does to a cluster.</summary>
internal abstract class OptionField(string name, string label)
{
    /// <summary>The key that users give it by.</summary>
    public string Name => name;

    /// <summary>What a form shows beside it.</summary>
    public string Label => label;

    /// <summary>The value of those who give none, as JSON; valid itself.</summary>
    public JsonElement Default { get; init; }

    /// <summary>What a value does to a cluster's specification. Throws <see cref="PublicException"/> for a value that makes no sense there.</summary>
    public Func<ClusterSpec, OptionValue, ClusterSpec> Apply { get; init; } = (spec, _) => spec;

    /// <summary>Checks a value.</summary>
    /// <exception cref="PublicException">422: names the option, the value and what is allowed.</exception>
    public abstract OptionValue Read(JsonElement value);

    /// <summary>Writes a value that was read as it is kept and shown.</summary>
    public abstract void Write(Utf8JsonWriter json, OptionValue value);

    /// <summary>Writes the members of the type's description, as the standard client reads it.</summary>
    public abstract void Describe(Utf8JsonWriter json);

    /// <summary>The error for a value that is not allowed.</summary>
    protected PublicException Wrong(string allowed, JsonElement value) => new(422, $"{name} must be {allowed}, got {JsonText.Show(value)}");

    /// <summary>A JSON string's text.</summary>
    protected string Text(JsonElement value) => JsonText.TryString(value, out var text) ? text : throw Wrong("text of valid Unicode characters", value);
}
