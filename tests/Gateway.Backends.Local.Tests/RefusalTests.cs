using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>What can never run is refused with a sentence, and leaves nothing behind.</summary>
public sealed class RefusalTests
{
    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../../etc")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    [InlineData("-rf")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public async Task Name_ThatIsNoFileName_IsRefused(string name)
    {
        await using var local = new LocalHarness();

        var refused = Assert.IsType<StartOutcome.Refused>(await local.TryStartAsync(local.Job("true", name)));

        Assert.Contains("allowed are", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(StopOutcome.Gone, await local.StopAsync(new JobHandle(name, null)));
        await local.Backend.CleanAsync([new JobHandle(name, null)], LocalHarness.Cancellation);
        Assert.Null(await local.Backend.ReadLogAsync(new JobHandle(name, null), JobOutput.Output, 0, 1, LocalHarness.Cancellation));
    }

    [Theory]
    [InlineData("../token")]
    [InlineData("/etc/passwd")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("")]
    public async Task File_OutsideTheWorkingDirectory_IsRefused(string name)
    {
        await using var local = new LocalHarness();

        Assert.IsType<StartOutcome.Refused>(await local.TryStartAsync(local.Job("true", files: new JobFile(name, new byte[1]))));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(local.World.Data, "jobs")));
    }

    [Theory]
    [InlineData("A B", "x")]
    [InlineData("", "x")]
    [InlineData("A=B", "x")]
    [InlineData("1A", "x")]
    [InlineData("$(id)", "x")]
    [InlineData("UID", "0")]
    [InlineData("A", "x\0y")]
    public async Task Variable_ThatCannotBeSet_IsRefusedByName(string name, string value)
    {
        await using var local = new LocalHarness();
        var job = local.Job("true") with { Environment = new Dictionary<string, string> { [name] = value } };

        var refused = Assert.IsType<StartOutcome.Refused>(await local.TryStartAsync(job));

        Assert.Contains($"'{name}'", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(refused.Reason, await local.Backend.CheckSpecAsync(job.Spec with { Environment = job.Environment }, LocalHarness.Cancellation));
    }

    [Fact]
    public async Task Account_WhereJobsAreTheGatewaysOwn_NeedNotBeThere()
    {
        await using var local = new LocalHarness();
        var job = local.Job("true");
        job = job with { Spec = job.Spec with { Account = "" } };

        Assert.False(local.Backend.UsesAccounts);
        Assert.Null(await local.Backend.CheckSpecAsync(job.Spec, LocalHarness.Cancellation));
        Assert.IsType<StartOutcome.Started>(await local.TryStartAsync(job));
    }

    [Theory]
    [InlineData("no-such-program-anywhere")]
    [InlineData("/no/such/program")]
    [InlineData("/etc/passwd")]
    public async Task Program_ThatIsNotThere_IsRefusedByName(string program)
    {
        await using var local = new LocalHarness();

        var refused = Assert.IsType<StartOutcome.Refused>(await local.TryStartAsync(local.Job("true") with { Command = [program] }));

        Assert.Contains($"'{program}'", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_LongerThanTheSystemTakes_IsRefusedAndLeavesNothing()
    {
        await using var local = new LocalHarness();
        var job = local.Job("true");

        Assert.IsType<StartOutcome.Refused>(await local.TryStartAsync(job with { Command = ["/bin/true", new string('x', 1 << 20)] }));

        Assert.False(Directory.Exists(local.DirectoryOf(job.Name)));
        Assert.Null(await local.FindAsync(job.Name));
    }

    [Fact]
    public async Task Command_WithEveryKindOfCharacter_ArrivesAsItIs()
    {
        await using var local = new LocalHarness();
        string[] odd = ["", " ", "a b", "'", "\"", "\\", "$HOME", "`id`", "*", "é", "-n", "--", "a\nb", ";", "|"];
        var job = await local.StartAsync(local.Job("") with { Command = ["/usr/bin/printf", "<%s>", .. odd] });
        await local.EndOfAsync(job);

        Assert.Equal(string.Concat(odd.Select(argument => $"<{argument}>")), await local.OutputAsync(job));
    }

    [Fact]
    public async Task Folder_ThatIsGone_IsUnavailableNotEmpty()
    {
        await using var local = new LocalHarness();
        _ = await local.Backend.ListAsync(LocalHarness.Cancellation);
        var jobs = Path.Combine(local.World.Data, "jobs");
        Directory.Move(jobs, jobs + ".away");
        try
        {
            await Assert.ThrowsAsync<BackendUnavailableException>(() => local.Backend.ListAsync(LocalHarness.Cancellation));
        }
        finally
        {
            Directory.Move(jobs + ".away", jobs);
        }
    }
}
