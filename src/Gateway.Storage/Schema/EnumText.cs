using System.Collections.Frozen;

namespace Gateway.Storage.Schema;

/// <summary>Enumerations as text. A name that this version does not know is no error: its row belongs to a newer one.</summary>
internal static class EnumText<T>
    where T : struct, Enum
{
    // Enum.TryParse takes numbers and lists of names as well, which no row of ours ever holds.
    private static readonly FrozenDictionary<string, T> Values = Enum.GetValues<T>().ToFrozenDictionary(v => v.ToString(), v => v, StringComparer.Ordinal);

    public static bool TryParse(string? text, out T value)
    {
        value = default;
        return text is not null && Values.TryGetValue(text, out value);
    }

    /// <summary>Null is a value of its own, not an unknown one.</summary>
    public static bool TryParse(string? text, out T? value)
    {
        value = null;
        if (text is null)
        {
            return true;
        }

        bool known = TryParse(text, out T parsed);
        value = known ? parsed : null;
        return known;
    }
}
