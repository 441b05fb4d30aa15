using System.Diagnostics;

namespace Gateway.Backends.Local.Tests;

public sealed class SpreadFolderTests
{
    private const string Lister = "/usr/bin/lsattr";

    [Fact]
    public async Task Jobs_OnExt4_BeginInBlockGroupsOfTheirOwn()
    {
        await using var local = new LocalHarness();
        await local.StartAsync("true");
        Assert.SkipUnless(File.Exists(Lister), "There is no lsattr here.");
        Assert.SkipUnless((await AskAsync("stat", "-f", "-c", "%T", Path.Combine(local.World.Data, "jobs"))).Trim() == "ext2/ext3", "Folders for tests are not on ext4 here.");

        string flags = (await AskAsync(Lister, "-d", Path.Combine(local.World.Data, "jobs"))).Split(' ')[0];
        Assert.Contains('T', flags);
    }

    [Fact]
    public void Mark_FolderThatIsNotThere_IsRefused() => Assert.False(SpreadFolder.TryMark("/no/such/folder"));

    private static async Task<string> AskAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string answer = await process.StandardOutput.ReadToEndAsync(LocalHarness.Cancellation);
        await process.WaitForExitAsync(LocalHarness.Cancellation);
        return answer;
    }
}
