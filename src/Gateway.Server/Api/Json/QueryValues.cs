using System.Globalization;
using System.Numerics;
using Gateway.Core;
using Gateway.Core.Options;

namespace Gateway.Server.Api.Json;

/// <summary>Values of a request's query.</summary>
internal static class QueryValues
{
    /// <summary>A whole number within bounds, or <paramref name="missing"/> where it is not given.</summary>
    /// <exception cref="PublicException">422: it is something else.</exception>
    public static long Number(this HttpRequest request, string name, long missing, long min, long max)
    {
        if (!request.Query.TryGetValue(name, out var values))
        {
            return missing;
        }

        return long.TryParse(values.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new PublicException(422, $"{name} must be a whole number from {min} to {max}, got '{JsonText.Show(values.ToString())}'.");
    }

    /// <summary>True for an empty value and a whole number, of whatever length, that is not 0.</summary>
    public static bool Flag(this HttpRequest request, string name) =>
        request.Query.TryGetValue(name, out var values)
        && (values.ToString() is var text && text.Length == 0 || (BigInteger.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && !number.IsZero));
}
