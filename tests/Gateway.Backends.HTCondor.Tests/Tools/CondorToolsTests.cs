using System.Diagnostics.Metrics;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Tools;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Backends.HTCondor.Tests.Tools;

public sealed class CondorToolsTests : IDisposable
{
    private readonly HTCondorOptions _options = new();
    private readonly Factory _meters = new();
    private CondorTools? _tools;

    private CondorTools Tools => _tools ??= new CondorTools(_options, TimeProvider.System, new ToolMetrics(_meters, "farm"), NullLogger<CondorTools>.Instance);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _tools?.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public async Task Run_InputAndArguments_ReachTheToolWithoutAShell()
    {
        var echoed = await Tools.RunAsync(Call("printf", "%s", "$(id); `id` > x"), Cancellation);
        var read = await Tools.RunAsync(Call("cat") with { Input = "queue é\n" }, Cancellation);

        Assert.Equal("$(id); `id` > x", echoed.Text);
        Assert.Equal("queue é\n", read.Text);
    }

    [Fact]
    public async Task Run_ToolHangs_IsKilledInTime()
    {
        var exception = await Assert.ThrowsAsync<ToolException>(() => Tools.RunAsync(Call("sleep", "600") with { Timeout = TimeSpan.FromMilliseconds(200) }, Cancellation));

        Assert.Equal(ToolFault.TimedOut, exception.Fault);
    }

    [Fact]
    public async Task Run_ToolIsKilledByOthers_IsNoAnswer()
    {
        var exception = await Assert.ThrowsAsync<ToolException>(() => Tools.RunAsync(Call("sh", "-c", "kill -9 $$"), Cancellation));

        Assert.Equal(ToolFault.Unreachable, exception.Fault);
        Assert.Equal("sh was ended by signal 9", exception.Message);
    }

    [Fact]
    public async Task Run_BehindAPrefix_EndsInTimeEvenWhereItCannotBeReached()
    {
        // A prefix as docker exec is one: what it starts is not its child, and outlives it.
        _options.Tools.CommandPrefix.AddRange(["sh", "-c", "(setsid \"$@\" &); exec sleep 600", "sh"]);
        var path = Path.GetTempFileName();
        try
        {
            var exception = await Assert.ThrowsAsync<ToolException>(() => Tools.RunAsync(Call("sh", "-c", "echo $$ > \"$0\"; exec sleep 600", path) with { Timeout = TimeSpan.FromSeconds(1) }, Cancellation));

            Assert.Equal(ToolFault.TimedOut, exception.Fault);
            var tool = $"/proc/{(await File.ReadAllTextAsync(path, Cancellation)).Trim()}";
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (Directory.Exists(tool))
            {
                await timer.WaitForNextTickAsync(Cancellation);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Run_ToolTalksWithoutEnd_IsCut()
    {
        _options.Tools.MaxOutput = 1 << 16;

        var exception = await Assert.ThrowsAsync<ToolException>(() => Tools.RunAsync(Call("yes"), Cancellation));

        Assert.Equal(ToolFault.TooMuch, exception.Fault);
    }

    [Fact]
    public async Task Run_NoSuchTool_SaysSo()
    {
        var exception = await Assert.ThrowsAsync<ToolException>(() => Tools.RunAsync(Call("condor_nothing"), Cancellation));

        Assert.Equal(ToolFault.Missing, exception.Fault);
        Assert.Contains("condor_nothing", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OwnEnvironment_IsNotPassedOn()
    {
        Environment.SetEnvironmentVariable("DASK_GATEWAY_ENCRYPT_KEYS", "secret");
        try
        {
            _options.Tools.Environment["CONDOR_CONFIG"] = "/etc/x";
            var result = await Tools.RunAsync(Call("env"), Cancellation);

            Assert.DoesNotContain("secret", result.Text, StringComparison.Ordinal);
            Assert.Contains("CONDOR_CONFIG=/etc/x\n", result.Text, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("DASK_GATEWAY_ENCRYPT_KEYS", null);
        }
    }

    [Fact]
    public async Task Run_EachCall_IsCountedAndTimedByOutcome()
    {
        var seen = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "gateway.htcondor.tool.duration")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => seen.Add(string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
        listener.Start();

        await Tools.RunAsync(Call("true"), Cancellation);
        await Assert.ThrowsAsync<ToolException>(() => Tools.RunAsync(Call("false"), Cancellation));

        Assert.Contains("backend=farm,tool=true,outcome=ok", seen);
        Assert.Contains("backend=farm,tool=false,outcome=Rejected", seen);
    }

    [Theory]
    [InlineData("\nERROR: Can't find address of local schedd\n", ToolFault.NotReached)]
    [InlineData("\nERROR: Failed to connect to local queue manager\nSECMAN:2011:Connection closed during command authorization.\n", ToolFault.NotReached)]
    [InlineData("-- Failed to fetch ads from: <127.0.0.1:39797?alias=vm> : vm\nCEDAR:6001:Failed to connect to <127.0.0.1:39797>\n", ToolFault.Unreachable)]
    [InlineData("\nERROR: Failed to connect to local queue manager\nAUTHENTICATE:1003:Failed to authenticate with any method\nAUTHENTICATE:1004:Failed to authenticate using IDTOKENS\n", ToolFault.Denied)]
    [InlineData("SECMAN:2010:Received \"DENIED\" from server for user alice@vm using method IDTOKENS.", ToolFault.Denied)]
    [InlineData("\nERROR: Failed to commit job submission into the queue.\nERROR: Setting owner to \"nosuchuser\", which is not a valid user account\n", ToolFault.Rejected)]
    [InlineData("\nERROR: Failed to commit job submission into the queue.\nERROR: Setting OsUser to nosuchuser, which is not a valid OS account\n", ToolFault.Rejected)]
    [InlineData("\nERROR: Failed to commit job submission into the queue.\n", ToolFault.Unreachable)]
    [InlineData("\nERROR: Parse error in expression: Requestmemory = 20MB\n", ToolFault.Rejected)]
    [InlineData("\nERROR: Number of submitted jobs would exceed MAX_JOBS_PER_OWNER\n", ToolFault.Full)]
    [InlineData("DCSchedd::receiveJobSandbox:7003:File transfer failed\nERROR: Failed to spool job files.\n", ToolFault.Unreachable)]
    [InlineData("Couldn't find/remove all jobs matching constraint (true)", ToolFault.Rejected)]
    internal void Classify_WhatToolsSay_IsAFault(string error, ToolFault fault)
    {
        Assert.Equal(fault, ToolErrors.Classify(error));
    }

    [Fact]
    public void Message_ManyLines_AreOneWithoutWarningsAndAdvice()
    {
        var text = ToolErrors.Message("\nWARNING: the Queue variable 'x' was unused\nERROR: Can't find address for schedd vm\n\nExtra Info: You probably saw this error because\nthe condor_schedd is not running\n");

        Assert.Equal("Can't find address for schedd vm", text);
        Assert.True(ToolErrors.Message(new string('x', 10_000)).Length < 600);
    }

    private static ToolCall Call(string tool, params string[] arguments) => new(tool, arguments) { Timeout = TimeSpan.FromSeconds(30) };

    private sealed class Factory : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
