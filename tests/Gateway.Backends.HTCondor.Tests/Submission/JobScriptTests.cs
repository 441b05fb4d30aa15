using System.Diagnostics;
using System.Text;
using Gateway.Backends.HTCondor.Submission;

namespace Gateway.Backends.HTCondor.Tests.Submission;

/// <summary>What a job's shell does, with a real shell.</summary>
public sealed class JobScriptTests : IDisposable
{
    private const int Max = 100_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("job-script-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(null)]
    [InlineData(Max)]
    public async Task Command_GetsItsArguments_AndItsOutputGoesWhereItShould(int? max)
    {
        var (code, output, error) = await RunAsync(max, "echo \"$1\"; printf %s \"$2\" >&2; exit 3", "a  b", "c'd");

        Assert.Equal((3, "a  b\n", "c'd"), (code, output, error));
    }

    [Theory]
    [InlineData(null, "kill -9 $$", 128 + 9)]
    [InlineData(Max, "kill -9 $$", 128 + 9)]
    [InlineData(Max, "kill -15 $$", 128 + 15)]
    [InlineData(Max, "exit 128", 128)]
    [InlineData(Max, "exit 0", 0)]
    public async Task Command_EndsByCodeOrSignal_SoDoesTheJob(int? max, string command, int code) => Assert.Equal(code, (await RunAsync(max, command)).Code);

    [Fact]
    public async Task Output_MoreThanMayBeKept_ItsBeginningAndItsEndAre()
    {
        var (code, output, error) = await RunAsync(Max, "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo the end; seq 1 100000 >&2; exit 4");

        Assert.Equal(4, code);
        Assert.StartsWith(new string('x', Max) + "[output is cut here", output, StringComparison.Ordinal);
        Assert.EndsWith("x\nthe end\n", output, StringComparison.Ordinal);
        Assert.InRange(output.Length, Max + JobScript.KeptEnd, Max + JobScript.KeptEnd + 100);
        Assert.StartsWith("1\n2\n3\n", error, StringComparison.Ordinal);
        Assert.Contains("[output is cut here", error, StringComparison.Ordinal);
        Assert.EndsWith("99999\n100000\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_JustWhatMayBeKept_IsNotCalledCut() =>
        Assert.Equal(new string('x', Max), (await RunAsync(Max, $"head -c {Max} /dev/zero | tr '\\0' x")).Output);

    [Fact]
    public async Task Job_ToldToEnd_TellsItsCommand_WhoseLastWordsAreKept()
    {
        using var job = Start(Max, "trap 'echo bye; exit 7' TERM; echo here; while :; do sleep 0.05; done");
        Assert.Equal("here", await job.StandardOutput.ReadLineAsync(Cancellation)); // at once, not when a buffer is full

        using (var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {job.Id}"]))
        {
            await kill.WaitForExitAsync(Cancellation);
        }

        Assert.Equal("bye\n", await job.StandardOutput.ReadToEndAsync(Cancellation));
        await job.WaitForExitAsync(Cancellation);
        Assert.Equal(7, job.ExitCode);
    }

    [Fact]
    public async Task Command_LeavesAProcessBehind_TheJobEndsAllTheSame()
    {
        using var job = Start(Max, "sleep 30 & echo $!; exit 5");
        var left = await job.StandardOutput.ReadLineAsync(Cancellation);
        try
        {
            await job.WaitForExitAsync(Cancellation);

            Assert.Equal(5, job.ExitCode);
            Assert.True(Directory.Exists($"/proc/{left}"), "it still holds the job's output");
        }
        finally
        {
            using var kill = Process.Start("/bin/sh", ["-c", $"kill -9 {left}"]);
            await kill.WaitForExitAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Tools_Missing_OutputIsNotBounded()
    {
        var (code, output, _) = await RunAsync(Max, "printf '%0200000d' 1; exit 6", path: _folder);

        Assert.Equal((6, 200_000), (code, output.Length));
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(int? max, string command, string? first = null, string? second = null, string? path = null)
    {
        using var job = Start(max, command, first, second, path);
        var output = job.StandardOutput.ReadToEndAsync(Cancellation);
        var error = job.StandardError.ReadToEndAsync(Cancellation);
        await job.WaitForExitAsync(Cancellation);
        return (job.ExitCode, await output, await error);
    }

    private Process Start(int? max, string command, string? first = null, string? second = null, string? path = null)
    {
        var start = new ProcessStartInfo("/bin/sh", [.. JobScript.Arguments, "/bin/sh", "-c", command, "command", first ?? "", second ?? ""])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.ASCII,
        };
        start.Environment[JobScript.Variable] = JobScript.Write(max);
        start.Environment["PATH"] = path ?? "/usr/bin:/bin";
        return Process.Start(start)!;
    }
}
