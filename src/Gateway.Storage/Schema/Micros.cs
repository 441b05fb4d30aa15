using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Gateway.Storage.Schema;

/// <summary>Times as both providers keep them: UTC microseconds since 1970.</summary>
internal static class Micros
{
    public static long From(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static long? From(DateTimeOffset? time) => time is { } t ? From(t) : null;

    public static long From(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToTime(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    internal sealed class Converter() : ValueConverter<DateTimeOffset, long>(time => From(time), micros => ToTime(micros));
}
