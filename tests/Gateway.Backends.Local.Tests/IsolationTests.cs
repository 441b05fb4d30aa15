using System.Text;
using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>What a job is given, and what it must not get.</summary>
public sealed class IsolationTests
{
    [Fact]
    public async Task Environment_OfTheGateway_DoesNotReachTheJob()
    {
        await using var local = new LocalHarness();
        Environment.SetEnvironmentVariable("GATEWAY_TEST_SECRET", "leaked");
        try
        {
            var job = await local.StartAsync("env -0 | cut -z -d= -f1 | tr '\\0' '\\n'; cat /proc/$PPID/environ");
            await local.EndOfAsync(job);

            var output = await local.OutputAsync(job);
            Assert.DoesNotContain("GATEWAY_TEST_SECRET", output, StringComparison.Ordinal);
            var allowed = new HashSet<string>(StringComparer.Ordinal)
            {
                "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
                "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "W", "N", Supervisor.Marker,
            };
            var names = output[..output.IndexOf('\0', StringComparison.Ordinal)].Split('\n')[..^1];
            Assert.Contains("HOME", names);
            Assert.All(names, name => Assert.Contains(name, allowed));
        }
        finally
        {
            Environment.SetEnvironmentVariable("GATEWAY_TEST_SECRET", null);
        }
    }

    [Fact]
    public async Task Environment_NamesToInherit_AreTakenOver()
    {
        await using var local = new LocalHarness().With("InheritEnvironment:0", "PATH").With("InheritEnvironment:1", "GATEWAY_TEST_WANTED");
        Environment.SetEnvironmentVariable("GATEWAY_TEST_WANTED", "here");
        try
        {
            var job = await local.StartAsync("echo $GATEWAY_TEST_WANTED");
            await local.EndOfAsync(job);

            Assert.Equal("here\n", await local.OutputAsync(job));
        }
        finally
        {
            Environment.SetEnvironmentVariable("GATEWAY_TEST_WANTED", null);
        }
    }

    [Fact]
    public async Task Home_SetToJob_IsTheWorkingDirectory()
    {
        await using var local = new LocalHarness().With("Home", "job");
        var job = await local.StartAsync("echo $HOME; pwd");
        await local.EndOfAsync(job);

        var work = Path.Combine(local.DirectoryOf(job.Name), "work");
        Assert.Equal($"{work}\n{work}\n", await local.OutputAsync(job));
    }

    [Fact]
    public async Task Descriptors_LeakedByALibrary_AreClosedInTheJob()
    {
        await using var local = new LocalHarness();
        var leak = LibC.Open(Path.Combine(local.World.Witness, "leak"), LibC.O_RDWR | LibC.O_CREAT, 0x180);
        Assert.True(leak > 2);
        try
        {
            var job = await local.StartAsync("exec python3 -c 'import os; print(sorted(os.listdir(\"/proc/self/fd\"))); print(os.readlink(\"/proc/self/fd/0\"))'");
            await local.EndOfAsync(job);

            // The fourth is the listing's own.
            Assert.Equal("['0', '1', '2', '3']\n/dev/null\n", await local.OutputAsync(job));
        }
        finally
        {
            _ = LibC.Close(leak);
        }
    }

    [Fact]
    public async Task Signals_IgnoredByTheRuntime_AreAsAtBootInTheJob()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("exec grep -E '^Sig(Blk|Ign):' /proc/self/status");
        await local.EndOfAsync(job);

        var zero = new string('0', 16);
        Assert.Equal($"SigBlk:\t{zero}\nSigIgn:\t{zero}\n", await local.OutputAsync(job));
    }

    [Fact]
    public async Task Session_OfAJob_IsItsOwnWithoutTerminal()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("cut -d' ' -f5,6,7 /proc/self/stat; echo $PPID");
        await local.EndOfAsync(job);

        var parts = (await local.OutputAsync(job)).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        var supervisor = parts[3];
        Assert.Equal([supervisor, supervisor, "0"], parts[..3]);
    }

    [Fact]
    public async Task Secrets_OfFiles_AreInNoArgumentAndNoEnvironment()
    {
        await using var local = new LocalHarness();
        var job = local.Job("cat /proc/$PPID/cmdline /proc/$PPID/environ /proc/self/environ; ls -ld . token; ls -ld ..", files: new JobFile("token", Encoding.ASCII.GetBytes("s3cret-token")));
        var handle = await local.StartAsync(job);
        await local.EndOfAsync(handle);

        var output = await local.OutputAsync(handle);
        Assert.DoesNotContain("s3cret-token", output, StringComparison.Ordinal);
        Assert.Contains("drwx------", output, StringComparison.Ordinal);
        Assert.Contains("-rw-------", output, StringComparison.Ordinal);
        Assert.All(
            Directory.EnumerateFiles(local.DirectoryOf(job.Name)),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(local.DirectoryOf(job.Name)));
    }

    [Fact]
    public async Task Niceness_AndOomScore_AreSet()
    {
        await using var local = new LocalHarness().With("Nice", "7").With("OomScoreAdjust", "321");
        var job = await local.StartAsync("cut -d' ' -f19 /proc/self/stat; cat /proc/self/oom_score_adj; cat /proc/$PPID/oom_score_adj");
        await local.EndOfAsync(job);

        var lines = (await local.OutputAsync(job)).Split('\n');
        Assert.Equal(["7", "321"], lines[..2]);
        Assert.NotEqual("321", lines[2]);
    }
}
