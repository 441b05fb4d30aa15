using System.Collections.Concurrent;
using Gateway.Core.Store;
using Gateway.Storage.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Storage.Tests;

/// <summary>Readings that callers share: who joins which, and that nobody is left waiting.</summary>
public sealed class SharedReadsTests : IDisposable
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<string[]> _asked = new();
    private readonly ConcurrentQueue<TaskCompletionSource<bool>> _held = new();
    private readonly SemaphoreSlim _began = new(0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _began.Dispose();

    [Fact]
    public async Task Read_WhileOneIsOnItsWay_GathersForTheNext()
    {
        var reads = Held();
        var first = reads.ReadAsync("a", Token);
        var others = new[] { "b", "c", "b" }.Select(key => reads.ReadAsync(key, Token)).ToArray();
        await LetGoAsync();
        Assert.Equal("A", await first.WaitAsync(Generous, Token));
        Assert.All(others, other => Assert.False(other.IsCompleted));
        await LetGoAsync();

        Assert.Equal(new string?[] { "B", "C", "B" }, await Task.WhenAll(others).WaitAsync(Generous, Token));
        Assert.Equal([["a"], ["b", "c"]], _asked);
    }

    [Fact]
    public async Task Read_AfterAWrite_NeverJoinsAReadingThatBeganBefore()
    {
        var stored = "old";
        var reads = Held(key => stored);
        var before = reads.ReadAsync("a", Token);
        await _began.WaitAsync(Generous, Token);
        stored = "new";
        var after = reads.ReadAsync("a", Token);
        Assert.True(_held.TryDequeue(out var reading));
        reading.SetResult(true);
        await before.WaitAsync(Generous, Token);
        await LetGoAsync();

        Assert.Equal("new", await after.WaitAsync(Generous, Token));
        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task Read_OneCallerGivesUp_OthersStillGetTheirs()
    {
        var reads = Held();
        var first = reads.ReadAsync("a", Token);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var leaver = reads.ReadAsync("b", gone.Token);
        var stayer = reads.ReadAsync("b", Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver.WaitAsync(Generous, Token));
        await LetGoAsync();
        await LetGoAsync();

        Assert.Equal("A", await first.WaitAsync(Generous, Token));
        Assert.Equal("B", await stayer.WaitAsync(Generous, Token));
    }

    [Fact]
    public async Task Read_CallerOfTheRunningReadingGivesUp_TheQueueGoesOn()
    {
        var reads = Held();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var leaver = reads.ReadAsync("a", gone.Token);
        var next = reads.ReadAsync("b", Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver.WaitAsync(Generous, Token));
        await LetGoAsync();
        await LetGoAsync();

        Assert.Equal("B", await next.WaitAsync(Generous, Token));
    }

    [Fact]
    public async Task Read_DatabaseAway_FailsEveryCallerAndServesTheNext()
    {
        bool away = true;
        var reads = Held(key => away ? throw new StoreUnavailableException("away") : key.ToUpperInvariant());
        var first = reads.ReadAsync("a", Token);
        var gathered = new[] { "b", "c" }.Select(key => reads.ReadAsync(key, Token)).ToArray();
        await LetGoAsync();
        await LetGoAsync();
        foreach (var each in gathered.Prepend(first))
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => each.WaitAsync(Generous, Token));
        }

        away = false;
        var later = reads.ReadAsync("d", Token);
        await LetGoAsync();
        Assert.Equal("D", await later.WaitAsync(Generous, Token));
    }

    [Fact]
    public async Task Read_OneKeyCannotBeAskedFor_FailsThatCallerAlone()
    {
        var reads = Free(key => key == "bad" ? throw new InvalidOperationException("bad key") : key.ToUpperInvariant(), out var gate);
        var first = reads.ReadAsync("a", Token);
        var good = reads.ReadAsync("b", Token);
        var bad = reads.ReadAsync("bad", Token);
        gate.SetResult();

        Assert.Equal("A", await first.WaitAsync(Generous, Token));
        Assert.Equal("B", await good.WaitAsync(Generous, Token));
        Assert.Equal("bad key", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad.WaitAsync(Generous, Token))).Message);
    }

    [Fact]
    public async Task Read_UnknownKey_IsNull()
    {
        var reads = new SharedReads<string, string>((_, _) => Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>()), 1, Patience, _time, () => false);

        Assert.Null(await reads.ReadAsync("a", Token));
    }

    [Fact]
    public async Task Read_WaitedInTheQueueForAsLongAsAReadingMayTake_FailsWithoutAnother()
    {
        var reads = Held();
        var first = reads.ReadAsync("a", Token);
        var late = reads.ReadAsync("b", Token);
        _time.Advance(Patience);
        await LetGoAsync();

        Assert.Equal("A", await first.WaitAsync(Generous, Token));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => late.WaitAsync(Generous, Token));
        Assert.Single(_asked);
    }

    [Fact]
    public async Task Read_WaitedInTheQueue_HasOnlyTheRestOfItsTime()
    {
        var reads = Held();
        var first = reads.ReadAsync("a", Token);
        var late = reads.ReadAsync("b", Token);
        _time.Advance(Patience / 2);
        await LetGoAsync();
        await first.WaitAsync(Generous, Token);
        await _began.WaitAsync(Generous, Token);
        _time.Advance(Patience / 2);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => late.WaitAsync(Generous, Token));
    }

    [Fact]
    public async Task Read_WhileRequestsAreReady_GathersThemBeforeItBegins()
    {
        SharedReads<string, string>? reads = null;
        Task<string?>? ready = null;
        reads = Held(busy: () =>
        {
            ready ??= reads!.ReadAsync("b", Token);
            return true;
        });
        var first = reads.ReadAsync("a", Token);
        await LetGoAsync();

        Assert.Equal("A", await first.WaitAsync(Generous, Token));
        Assert.Equal("B", await ready!.WaitAsync(Generous, Token));
        Assert.Equal([["a", "b"]], _asked);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_ByManyAtOnce_AnswersEachWithItsOwn(bool busy)
    {
        int most = 0, running = 0;
        var reads = new SharedReads<int, string>(
            async (keys, _) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                await Task.Yield();
                Interlocked.Decrement(ref running);
                return keys.ToDictionary(key => key, key => $"value {key}");
            },
            1, Patience, TimeProvider.System, () => busy);

        await Parallel.ForAsync(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, async (i, token) =>
            Assert.Equal($"value {i % 700}", await reads.ReadAsync(i % 700, token).WaitAsync(Generous, token)));
        Assert.Equal(1, most);
    }

    /// <summary>Readings that begin at once and end when they are let go.</summary>
    private SharedReads<string, string> Held(Func<string, string>? value = null, Func<bool>? busy = null) => new(
        async (keys, token) =>
        {
            _asked.Enqueue([.. keys]);
            var held = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _held.Enqueue(held);
            _began.Release();
            await held.Task.WaitAsync(token);
            return keys.ToDictionary(key => key, value ?? (key => key.ToUpperInvariant()));
        },
        1, Patience, _time, busy ?? (() => false));

    private SharedReads<string, string> Free(Func<string, string> value, out TaskCompletionSource gate)
    {
        var opens = gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return new(
            async (keys, _) =>
            {
                await opens.Task;
                return keys.ToDictionary(key => key, value);
            },
            1, Patience, _time, () => false);
    }

    private async Task LetGoAsync()
    {
        await _began.WaitAsync(Generous, Token);
        Assert.True(_held.TryDequeue(out var held));
        held.SetResult(true);
    }
}
