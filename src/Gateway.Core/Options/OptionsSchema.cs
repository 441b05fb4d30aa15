using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gateway.Core.Clusters;

namespace Gateway.Core.Options;

/// <summary>The options that users may set, in the order in which they are shown.</summary>
public sealed class OptionsSchema
{
    private const int ErrorsShown = 5;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly IReadOnlyList<OptionField> _fields;

    internal OptionsSchema(IReadOnlyList<OptionField> fields)
    {
        _fields = fields;
        Specification = Json(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("cluster_options");
            foreach (var field in fields)
            {
                Describe(json, field);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary><c>{"cluster_options":[…]}</c> as the standard client reads it, UTF-8.</summary>
    public ReadOnlyMemory<byte> Specification { get; }

    /// <summary>Checks a user's options and applies them.</summary>
    /// <param name="options">What the user gave; null or undefined: nothing.</param>
    /// <param name="spec">The cluster without options.</param>
    /// <returns>All options in order as JSON, and the cluster with them.</returns>
    /// <exception cref="PublicException">422: names each option that is wrong, its value and what is allowed.</exception>
    public (string Json, ClusterSpec Spec) Apply(JsonElement options, ClusterSpec spec)
    {
        var given = Given(options);
        var errors = new List<string>();
        var values = new OptionValue[_fields.Count];
        for (var i = 0; i < values.Length; i++)
        {
            try
            {
                values[i] = _fields[i].Read(given.TryGetValue(_fields[i].Name, out var value) ? value : _fields[i].Default);
                spec = _fields[i].Apply(spec, values[i]);
            }
            catch (PublicException e)
            {
                errors.Add(e.Message);
            }
        }

        if (errors.Count > 0)
        {
            throw new PublicException(422, string.Join("; ", errors.Take(ErrorsShown)) + ".");
        }

        var json = Json(json =>
        {
            json.WriteStartObject();
            for (var i = 0; i < values.Length; i++)
            {
                json.WritePropertyName(_fields[i].Name);
                _fields[i].Write(json, values[i]);
            }

            json.WriteEndObject();
        });

        return (Encoding.UTF8.GetString(json.Span), spec);
    }

    private Dictionary<string, JsonElement> Given(JsonElement options)
    {
        var given = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (options.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return given;
        }

        if (options.ValueKind != JsonValueKind.Object)
        {
            throw new PublicException(422, $"cluster_options must be an object, got {JsonText.Show(options)}.");
        }

        var unknown = new List<string>();
        foreach (var member in options.EnumerateObject())
        {
            if (JsonText.TryName(member, out var name) && _fields.Any(field => field.Name == name))
            {
                given[name] = member.Value;
            }
            else
            {
                unknown.Add($"'{JsonText.Show(name ?? "?")}'");
            }
        }

        return unknown.Count == 0 ? given : throw new PublicException(422, _fields.Count == 0
            ? $"Unknown options: {string.Join(", ", unknown.Take(ErrorsShown))}. This gateway has no options to set."
            : $"Unknown options: {string.Join(", ", unknown.Take(ErrorsShown))}. Allowed: {string.Join(", ", _fields.Select(field => field.Name))}.");
    }

    private static void Describe(Utf8JsonWriter json, OptionField field)
    {
        json.WriteStartObject();
        json.WriteString("field", field.Name);
        json.WriteString("label", field.Label);
        json.WritePropertyName("default");
        field.Write(json, field.Read(field.Default));
        json.WriteStartObject("spec");
        field.Describe(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Writing))
        {
            write(json);
        }

        return buffer.WrittenMemory;
    }
}
