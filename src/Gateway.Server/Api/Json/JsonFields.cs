using System.Globalization;
using System.Text.Json;
using Gateway.Core;
using Gateway.Core.Options;

namespace Gateway.Server.Api.Json;

/// <summary>Members of a request's object.</summary>
internal static class JsonFields
{
    /// <summary>A whole number of 0 or more; one that does not fit is <see cref="long.MaxValue"/>.</summary>
    /// <param name="body">The object.</param>
    /// <param name="name">The member.</param>
    /// <param name="optional">True when it may be missing or null.</param>
    /// <exception cref="PublicException">422: it is something else.</exception>
    public static long? WholeNumber(this JsonElement body, string name, bool optional)
    {
        if (!body.TryGetProperty(name, out var value))
        {
            return optional ? null : throw new PublicException(422, $"{name} is missing; it must be a whole number of 0 or more.");
        }

        if (optional && value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        // 3.0 and 3e0 are not whole numbers to the standard server either.
        var text = value.ValueKind == JsonValueKind.Number ? value.GetRawText() : "";
        if (text.Length == 0 || text.AsSpan().ContainsAny('.', 'e', 'E') || (text[0] == '-' && text != "-0"))
        {
            throw new PublicException(422, $"{name} must be a whole number of 0 or more{(optional ? ", or null" : "")}, got {JsonText.Show(value)}.");
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;
    }

    /// <summary>True, false, or <paramref name="missing"/> where it is missing or null.</summary>
    /// <exception cref="PublicException">422: it is something else.</exception>
    public static bool Flag(this JsonElement body, string name, bool missing)
    {
        if (!body.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return missing;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw new PublicException(422, $"{name} must be true or false, got {JsonText.Show(value)}.");
    }
}
