using Gateway.Core.Options;

namespace Gateway.Core.Tests.Options;

public sealed class DurationTests
{
    [Theory]
    [InlineData("90", 90)]
    [InlineData("1.5 min", 90)]
    [InlineData("2h", 7200)]
    [InlineData("1 d", 86400)]
    [InlineData("01:30:00", 5400)]
    [InlineData("1.00:00:00", 86400)]
    [InlineData("0", 0)]
    public void TryParse_Duration_IsSeconds(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, TimeSpan.FromSeconds(1), out var value));
        Assert.Equal(seconds, value.TotalSeconds);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("-01:00:00")]
    [InlineData("1 fortnight")]
    [InlineData("min")]
    [InlineData("99999999999 d")]
    [InlineData("9999.00:00:00")]
    public void TryParse_NoDuration_IsRefused(string? text) => Assert.False(Duration.TryParse(text, TimeSpan.FromSeconds(1), out _));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(1.5, "1.5 s")]
    [InlineData(90, "90 s")]
    [InlineData(1800, "30 min")]
    [InlineData(7200, "2 h")]
    [InlineData(172800, "2 d")]
    public void Format_Duration_UsesTheLargestWholeUnit(double seconds, string text) => Assert.Equal(text, Duration.Format(TimeSpan.FromSeconds(seconds)));
}
