using System.Threading.Channels;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Core.Tests.Reconciliation.Simulation;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class LoopServiceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly UnusedHost _host = new();

    [Fact]
    public async Task Loop_RoundFails_TriesAgainAfterAPause()
    {
        using var loop = new Loop(_time, _host, round => round switch
        {
            1 => throw new InvalidOperationException("once"),
            2 => throw new StoreUnavailableException("twice"),
            _ => TimeSpan.FromDays(1),
        });
        await loop.StartAsync(Bench.Cancellation);
        for (int round = 1; round <= 3; round++)
        {
            Assert.Equal(round, await NextAsync(loop));
        }

        Assert.False(_host.Stopped.IsCompleted);
        await loop.StopAsync(Bench.Cancellation);
    }

    [Fact]
    public async Task Loop_Woken_DoesNotSleepOn()
    {
        using var loop = new Loop(_time, _host, _ => TimeSpan.FromDays(1));
        await loop.StartAsync(Bench.Cancellation);
        Assert.Equal(1, await loop.Rounds.ReadAsync(Bench.Cancellation));
        loop.WakeUp();
        Assert.Equal(2, await loop.Rounds.ReadAsync(Bench.Cancellation));
        await loop.StopAsync(Bench.Cancellation);
    }

    [Fact]
    public async Task Loop_DiesByItself_StopsTheHost()
    {
        // No timer takes such a pause: the loop itself breaks, not one of its rounds.
        using var loop = new Loop(_time, _host, _ => TimeSpan.MaxValue);
        await loop.StartAsync(Bench.Cancellation);

        await _host.Stopped.WaitAsync(Bench.Cancellation);
        await loop.ExecuteTask!.WaitAsync(Bench.Cancellation);
    }

    [Fact]
    public async Task Loop_HostStops_EndsQuietly()
    {
        using var loop = new Loop(_time, _host, _ => TimeSpan.FromDays(1));
        await loop.StartAsync(Bench.Cancellation);
        await loop.Rounds.ReadAsync(Bench.Cancellation);
        await loop.StopAsync(Bench.Cancellation);

        Assert.True(loop.ExecuteTask!.IsCompletedSuccessfully);
        Assert.False(_host.Stopped.IsCompleted);
    }

    /// <summary>Lets time pass until the next round has begun.</summary>
    private async Task<int> NextAsync(Loop loop)
    {
        int round;
        while (!loop.Rounds.TryRead(out round))
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return round;
    }

    private sealed class Loop(TimeProvider time, UnusedHost host, Func<int, TimeSpan> round) : LoopService(time, host, NullLogger.Instance)
    {
        private readonly Channel<int> _rounds = Channel.CreateUnbounded<int>();
        private int _count;

        public ChannelReader<int> Rounds => _rounds.Reader;

        public void WakeUp() => Wake();

        protected internal override Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
        {
            _rounds.Writer.TryWrite(++_count);
            return Task.FromResult(round(_count));
        }
    }
}
