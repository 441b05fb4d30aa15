using Gateway.Core.Reconciliation;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class WakerTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Waker _waker;

    public WakerTests() => _waker = new Waker(_time);

    public void Dispose() => _waker.Dispose();

    [Fact]
    public async Task Sleep_TimePasses_Ends()
    {
        var sleep = _waker.SleepAsync(TimeSpan.FromSeconds(10), Bench.Cancellation);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(sleep.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(1));
        await sleep.WaitAsync(Bench.Cancellation);
    }

    [Fact]
    public async Task Sleep_Woken_Ends()
    {
        var sleep = _waker.SleepAsync(TimeSpan.FromHours(1), Bench.Cancellation);
        Assert.False(sleep.IsCompleted);
        _waker.Wake();
        await sleep.WaitAsync(Bench.Cancellation);
    }

    [Fact]
    public async Task Wake_BeforeTheSleep_CountsOnceHoweverOften()
    {
        _waker.Wake();
        _waker.Wake();
        await _waker.SleepAsync(TimeSpan.FromHours(1), Bench.Cancellation).WaitAsync(Bench.Cancellation);

        var second = _waker.SleepAsync(TimeSpan.FromHours(1), Bench.Cancellation);
        Assert.False(second.IsCompleted);
        _waker.Wake();
        await second.WaitAsync(Bench.Cancellation);
    }

    [Fact]
    public void Sleep_NoTimeAtAll_EndsAtOnce() => Assert.True(_waker.SleepAsync(TimeSpan.Zero, Bench.Cancellation).IsCompletedSuccessfully);

    [Fact]
    public async Task Sleep_Cancelled_SaysSo()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Bench.Cancellation);
        var sleep = _waker.SleepAsync(TimeSpan.FromHours(1), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sleep);
    }
}
