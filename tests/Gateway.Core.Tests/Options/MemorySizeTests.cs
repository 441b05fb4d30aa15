using Gateway.Core.Options;

namespace Gateway.Core.Tests.Options;

public sealed class MemorySizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1024", 1024)]
    [InlineData("2K", 2048)]
    [InlineData("2 k", 2048)]
    [InlineData("2KB", 2048)]
    [InlineData("2KiB", 2048)]
    [InlineData("512 MB", 512L << 20)]
    [InlineData("2 G", 2L << 30)]
    [InlineData("2GiB", 2L << 30)]
    [InlineData(" 1.5 gib ", 3L << 29)]
    [InlineData("1T", 1L << 40)]
    [InlineData("1P", 1L << 50)]
    [InlineData("7 B", 7)]
    [InlineData("0.0001K", 0)]
    public void TryParse_Size_IsBytes(string text, long bytes)
    {
        Assert.True(MemorySize.TryParse(text, 1, out var value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1e9")]
    [InlineData("1,5G")]
    [InlineData("1.2.3")]
    [InlineData("2 X")]
    [InlineData("2 Gi")]
    [InlineData("2 GiBB")]
    [InlineData("9999999 P")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("NaN")]
    public void TryParse_NoSize_IsRefused(string? text) => Assert.False(MemorySize.TryParse(text, 1, out _));

    [Theory]
    [InlineData("2", 2L << 30)]
    [InlineData("512 MiB", 512L << 20)]
    [InlineData("7 B", 7)]
    public void TryParse_DefaultUnit_CountsWhereNoneIsGiven(string text, long bytes)
    {
        Assert.True(MemorySize.TryParse(text, 1L << 30, out var value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1000, "1000 bytes")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(2L << 30, "2 GiB")]
    [InlineData((2L << 30) + 1, "2147483649 bytes")]
    [InlineData(long.MaxValue, "9223372036854775807 bytes")]
    public void Format_Bytes_AreShownExactly(long bytes, string text) => Assert.Equal(text, MemorySize.Format(bytes));
}
