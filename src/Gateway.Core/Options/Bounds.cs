using System.Globalization;
using System.Text.Json;

namespace Gateway.Core.Options;

/// <summary>Inclusive bounds of numbers, in words and in JSON.</summary>
internal static class Bounds
{
    /// <summary>The bounds in words; null when there are none.</summary>
    public static string? Say<T>(string what, T? min, T? max)
        where T : struct, IFormattable => (min, max) switch
        {
            ({ } least, { } most) => $"{what} from {Text(least)} to {Text(most)}",
            ({ } least, null) => $"{what} of {Text(least)} or more",
            (null, { } most) => $"{what} of {Text(most)} or less",
            _ => null,
        };

    public static void Write(Utf8JsonWriter json, string name, string? number)
    {
        json.WritePropertyName(name);
        if (number is null)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(number);
        }
    }

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
