using System.Text;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Tests;

/// <summary>Output is kept, but not all of it for ever.</summary>
public sealed class LogTests
{
    private const long MaxLogSize = 128 << 10;

    [Fact]
    public async Task Output_BeyondItsBound_KeepsBeginningAndEndAtTheirOffsets()
    {
        await using var local = new LocalHarness().With("MaxLogSize", $"{MaxLogSize}");
        var job = await local.StartAsync(
            """
            echo first-line
            for i in 1 2 3 4 5 6 7 8; do head -c 500000 /dev/zero | tr '\0' x; until [ -e "$W/more$i" ]; do sleep 0.01; done; done
            echo last-line
            """);
        var output = Path.Combine(local.DirectoryOf(job.Name), "stdout");
        for (var i = 1; i <= 8; i++)
        {
            var written = (i * 500_000) + 11;
            await LocalHarness.UntilAsync(() => Task.FromResult(new FileInfo(output).Length == written), "the output to be written");
            await LocalHarness.UntilAsync(() => Task.FromResult(Allocated(output) <= MaxLogSize), "the output to be cut");
            await File.WriteAllTextAsync(Path.Combine(local.World.Witness, $"more{i}"), "", LocalHarness.Cancellation);
        }

        await local.EndOfAsync(job);

        const long Length = (8 * 500_000) + 11 + 10;
        var head = await local.Backend.ReadLogAsync(job, JobOutput.Output, 0, 11, LocalHarness.Cancellation);
        var tail = await local.Backend.ReadLogAsync(job, JobOutput.Output, -10, 100, LocalHarness.Cancellation);
        Assert.Equal("first-line\n", Encoding.ASCII.GetString(head!.Bytes.Span));
        Assert.Equal("last-line\n", Encoding.ASCII.GetString(tail!.Bytes.Span));
        Assert.Equal((Length, Length), (tail.NextOffset, tail.Length));

        var kept = 0L;
        for (var offset = 0L; offset < Length;)
        {
            var piece = await local.Backend.ReadLogAsync(job, JobOutput.Output, offset, 10_000, LocalHarness.Cancellation);
            Assert.DoesNotContain((byte)0, piece!.Bytes.ToArray());
            Assert.True(piece.NextOffset > offset);
            kept += piece.Bytes.Length;
            offset = piece.NextOffset;
        }

        Assert.InRange(kept, MaxLogSize / 2, MaxLogSize + 4096);
    }

    [Fact]
    public async Task Output_OfARunningJob_CanBeReadWhileItGrows()
    {
        await using var local = new LocalHarness();
        var job = await local.StartAsync("echo one; echo $$ >> \"$W/$N\"; until [ -e \"$W/more\" ]; do sleep 0.01; done; echo two");
        await local.WitnessesAsync(job.Name);

        var first = await local.Backend.ReadLogAsync(job, JobOutput.Output, 0, 100, LocalHarness.Cancellation);
        await File.WriteAllTextAsync(Path.Combine(local.World.Witness, "more"), "", LocalHarness.Cancellation);
        await local.EndOfAsync(job);
        var second = await local.Backend.ReadLogAsync(job, JobOutput.Output, first!.NextOffset, 100, LocalHarness.Cancellation);

        Assert.Equal("one\n", Encoding.ASCII.GetString(first.Bytes.Span));
        Assert.Equal("two\n", Encoding.ASCII.GetString(second!.Bytes.Span));
    }

    /// <summary>Bytes on disk, as du counts them.</summary>
    private static long Allocated(string path)
    {
        using var du = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("du", ["--block-size=1", path]) { RedirectStandardOutput = true })!;
        return long.Parse(du.StandardOutput.ReadToEnd().Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}
