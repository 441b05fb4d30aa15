using Gateway.Backends.Local.Accounts;
using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;
using Microsoft.Extensions.Options;

namespace Gateway.Backends.Local.Tests;

/// <summary>Jobs that run as the account of their cluster.</summary>
public sealed class AccountTests
{
    // Every Linux has it, and it owns nothing.
    private const string Account = "nobody";

    [Fact]
    public async Task Job_RunsAsTheAccount_WithItsGroupsAndFiles()
    {
        await using var local = Make();
        var job = local.Job("id -u; id -g; id -G; cat token; touch made; stat -c '%U %a' . token; cat /proc/self/status | grep CapEff; echo $USER $HOME; umask; ls ..", files: new JobFile("token", "secret\n"u8.ToArray()));
        var account = AccountDirectory.Find(Account)!;

        var handle = await local.StartAsync(job);
        var end = await local.EndOfAsync(handle);

        Assert.Equal(2, end.ExitCode);
        var lines = (await local.OutputAsync(handle)).Split('\n');
        Assert.Equal($"{account.User}", lines[0]);
        Assert.Equal($"{account.Group}", lines[1]);
        Assert.DoesNotContain("0", lines[2].Split(' '));
        Assert.Equal(["secret", $"{Account} 700", $"{Account} 600", "CapEff:\t0000000000000000"], lines[3..7]);
        Assert.StartsWith(Account + " ", lines[7], StringComparison.Ordinal);
        Assert.Contains("Permission denied", await local.OutputAsync(handle, JobOutput.Error), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_OfTheUser_ReachesNothingThatRunsAsRoot()
    {
        await using var local = Make();
        var job = local.Job("echo $$ >> made; touch \"$W\" 2>&1; exec sleep 600");
        job = job with { Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = "/tmp/evil.so", ["BASH_ENV"] = "/tmp/evil", ["ENV"] = "/tmp/evil", ["PATH"] = "/tmp/evil:/usr/bin:/bin" } };
        var handle = await local.StartAsync(job);

        var made = Path.Combine(local.DirectoryOf(job.Name), "work", "made");
        await LocalHarness.UntilAsync(() => Task.FromResult(File.Exists(made) && new FileInfo(made).Length > 0), "the job to run");

        var user = AccountDirectory.Find(Account)!.User;
        var supervisor = ProcessTable.Read().Single(process => ProcessTable.MarkerOf(process.Pid) == handle.Handle && process.Pid == process.Session);
        var variables = (await File.ReadAllTextAsync($"/proc/{supervisor.Pid}/environ", LocalHarness.Cancellation)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([Supervisor.Marker, "PATH"], variables.Select(variable => variable.Split('=')[0]).Order());
        Assert.DoesNotContain("evil", string.Join(' ', variables), StringComparison.Ordinal);
        Assert.Contains($"Uid:\t{user}\t{user}\t{user}\t{user}", await File.ReadAllTextAsync($"/proc/{(await File.ReadAllTextAsync(made, LocalHarness.Cancellation)).Trim()}/status", LocalHarness.Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clean_FolderFullOfTraps_RemovesItAndNothingElse()
    {
        await using var local = Make();
        var precious = Directory.CreateDirectory(Path.Combine(local.World.Root, "precious")).FullName;
        await File.WriteAllTextAsync(Path.Combine(precious, "file"), "", LocalHarness.Cancellation);
        File.SetUnixFileMode(precious, (UnixFileMode)0x1ff);
        var job = await local.StartAsync($"mkdir -p a/b/c shut; touch a/b/c/file shut/in -- '-rf' ' *'; ln -s {precious} link; ln -s / a/root; chmod 0 a/b shut; chmod 500 .");
        await local.EndOfAsync(job);

        await local.Backend.CleanAsync([job], LocalHarness.Cancellation);

        Assert.False(Directory.Exists(local.DirectoryOf(job.Name)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(local.World.Data, "trash")));
        Assert.True(File.Exists(Path.Combine(precious, "file")));
    }

    [Fact]
    public async Task Stop_JobOfAnAccount_EndsIt()
    {
        await using var local = Make().With("InterruptWait", "00:00:00.1").With("TerminateWait", "00:00:00.1");
        var job = await local.StartAsync("trap '' INT TERM; while :; do sleep 0.1; done");

        await local.StopAsync(job);

        Assert.Equal("was stopped", (await local.EndOfAsync(job)).Reason);
    }

    [Theory]
    [InlineData("root", "root")]
    [InlineData("daemon", "1000 and above")]
    [InlineData("no-such-account-here", "no account")]
    [InlineData("", "allowed are")]
    [InlineData("-u", "allowed are")]
    [InlineData("no/body", "allowed are")]
    [InlineData("nobody\n", "allowed are")]
    [InlineData("0", "allowed are")]
    public async Task Account_ThatMayNotRunJobs_IsRefusedWithASentence(string account, string says)
    {
        await using var local = Make();
        var job = local.Job("true");

        var refused = Assert.IsType<StartOutcome.Refused>(await local.TryStartAsync(job with { Spec = job.Spec with { Account = account } }));

        Assert.Contains(says, refused.Reason, StringComparison.Ordinal);
        Assert.True(local.Backend.UsesAccounts);
        Assert.Equal(refused.Reason, await local.Backend.CheckSpecAsync(job.Spec with { Account = account }, LocalHarness.Cancellation));
        Assert.False(Directory.Exists(local.DirectoryOf(job.Name)));
    }

    [Fact]
    public void Folder_ThatAccountsCannotReach_IsRefusedAtStart()
    {
        RequireRoot();
        using var world = new LocalWorld();
        world.Settings["RunAs"] = "account";

        var wrong = Assert.Throws<OptionsValidationException>(() => world.Create());

        var failure = Assert.Single(wrong.Failures);
        Assert.Contains("Backends:test:Folder", failure, StringComparison.Ordinal);
        Assert.Contains(world.Root, failure, StringComparison.Ordinal);
    }

    private static LocalHarness Make()
    {
        RequireRoot();
        var local = new LocalHarness().With("RunAs", "account");
        File.SetUnixFileMode(local.World.Root, (UnixFileMode)0x1c9);
        return local;
    }

    private static void RequireRoot()
    {
        Assert.SkipUnless(LibC.EffectiveUser() == 0, "Changing accounts takes root.");
        Assert.SkipWhen(AccountChange.Tool() is null, "setpriv (util-linux) is missing.");
        Assert.SkipWhen(AccountDirectory.Find(Account) is null, $"The account {Account} is missing.");
    }
}
