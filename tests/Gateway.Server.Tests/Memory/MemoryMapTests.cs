using System.Text;
using Gateway.Server.Memory;

namespace Gateway.Server.Tests.Memory;

public sealed class MemoryMapTests
{
    [Theory]
    [InlineData("r-xp 00000000 fe:00 7 /usr/lib/libc.so.6", 0, true)]
    [InlineData("r--p 00000000 fe:00 7 /srv/a b (1)/x.dll", 0, true)]
    [InlineData("r--p 00000000 fe:00 7 /usr/lib/libc.so.6", 4, false)]
    [InlineData("rw-p 00000000 fe:00 7 /usr/lib/libc.so.6", 0, false)]
    [InlineData("rwxp 00000000 fe:00 7 /usr/lib/libc.so.6", 0, false)]
    [InlineData("r--s 00000000 fe:00 7 /var/lib/gateway.db-shm", 0, false)]
    [InlineData("---p 00000000 fe:00 7 /usr/lib/libc.so.6", 0, false)]
    [InlineData("r-xp 00000000 00:00 0 [vdso]", 0, false)]
    [InlineData("r--p 00000000 00:00 0", 0, false)]
    public void UnchangedFiles_OneMapping_OnlyWhereNothingOfItCanBeLost(string mapping, int anonymous, bool taken)
    {
        string smaps = $"""
            7f3a45800000-7f3a45801000 {mapping}
            Size:                  4 kB
            Rss:                   4 kB
            Anonymous:      {anonymous,8} kB
            VmFlags: rd mr mw me

            """;

        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(smaps));
        Assert.Equal(taken ? [(unchecked((nint)0x7f3a45800000), (nuint)0x1000)] : [], MemoryMap.UnchangedFiles(stream));
    }

    [Fact]
    public void UnchangedFiles_OfThisProcess_AreBelowItsPrograms()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc/self/smaps, which Linux alone has");

        using var map = File.OpenRead("/proc/self/smaps");
        var found = MemoryMap.UnchangedFiles(map);

        var lines = File.ReadLines("/proc/self/maps").ToList();
        Assert.NotEmpty(found);
        Assert.All(found.Take(20), mapping => Assert.Contains(lines, line => line.StartsWith($"{mapping.Address:x}-", StringComparison.Ordinal) && line.Contains('/', StringComparison.Ordinal)));
    }
}
