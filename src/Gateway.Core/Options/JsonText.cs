using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Gateway.Core.Options;

/// <summary>Texts out of JSON that anybody may have written, and values to show in messages.</summary>
public static class JsonText
{
    private const int Longest = 80;

    /// <summary>A JSON string's text; false for other kinds and for one that is no Unicode text (a lone surrogate escape) or holds a NUL.</summary>
    public static bool TryString(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (value.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that an escape such as \ud800 stands alone.
            return false;
        }

        return !text.Contains('\0');
    }

    /// <summary>Whether a member's name is Unicode text without a NUL.</summary>
    public static bool TryName(JsonProperty member, [NotNullWhen(true)] out string? name)
    {
        try
        {
            name = member.Name;
        }
        catch (InvalidOperationException)
        {
            name = null;
            return false;
        }

        return !name.Contains('\0');
    }

    /// <summary>A value as it was written, cut to a length fit for a message.</summary>
    public static string Show(JsonElement value) => Show(value.GetRawText());

    /// <summary>A text, cut to a length fit for a message.</summary>
    public static string Show(string text, int longest = Longest) =>
        text.Length <= longest ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest), "…");
}
