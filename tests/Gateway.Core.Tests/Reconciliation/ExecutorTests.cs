using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Reconciliation;
using Gateway.Core.Store;
using Gateway.Core.Tests.Reconciliation.Simulation;

namespace Gateway.Core.Tests.Reconciliation;

public sealed class ExecutorTests : IDisposable
{
    private readonly Bench _bench = new();
    private readonly Executor _executor;

    public ExecutorTests() => _executor = _bench.Executor();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Starts_AcrossClusters_AreOneCall()
    {
        await _bench.AddClusterAsync("a", "a-1", "a-2");
        await _bench.AddClusterAsync("b", "b-1");
        await RoundAsync();

        Assert.Equal([3], _bench.Farm.StartCalls);
        Assert.Empty(_bench.Store.Outbox);
        Assert.All(_bench.Store.Jobs.Values, j => Assert.NotNull(j.Handle));
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public async Task Round_ThatTookAllThatThereWere_SleepsInsteadOfClaimingAgain(int batch, bool sleeps)
    {
        _bench.Instance.Limits.Batch = batch;
        await _bench.AddClusterAsync("a", "a-1", "a-2");

        Assert.Equal(sleeps, await _executor.RunOnceAsync(Bench.Cancellation) > TimeSpan.Zero);
    }

    [Fact]
    public async Task Start_AnswerLost_IsAskedForAndAdopted()
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Farm.LostAnswers = 1;
        await RoundAsync();
        Assert.Contains("does not answer", Assert.Single(_bench.Store.Events, e => e.Kind == "backend").Message);

        await RoundAsync(after: 2);
        Assert.Single(_bench.Farm.Jobs);
        Assert.Equal("pool.1", _bench.Store.Jobs["a-1"].Handle);
    }

    [Theory]
    [InlineData(WorkerPhase.Connected)]
    [InlineData(WorkerPhase.Retiring)]
    public async Task Start_AnswerLostAndSeenByItsSchedulerMeanwhile_IsAdoptedAndNotStopped(WorkerPhase phase)
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Farm.LostAnswers = 1;
        await RoundAsync();
        await _bench.SaveAsync("a", c => c, [_bench.Store.Workers("a").Single() with { Phase = phase }]);

        await RoundAsync(after: 2);

        Assert.NotEqual(JobState.Ended, Assert.Single(_bench.Farm.Jobs).State);
        Assert.Equal("pool.1", _bench.Store.Jobs["a-1"].Handle);
        Assert.NotEqual(JobState.Ended, _bench.Store.Jobs["a-1"].State);
        Assert.Empty(_bench.Store.Outbox);
    }

    [Fact]
    public async Task Start_AnswerLostAndSchedulerRunsMeanwhile_IsAdoptedAndNotStopped()
    {
        await _bench.CreateAsync("a");
        await _bench.SaveAsync("a", c => c with { Phase = ClusterPhase.Submitted }, null, Bench.Entry(OutboxAction.Start, "a", "a"));
        _bench.Farm.LostAnswers = 1;
        await RoundAsync();
        await _bench.SaveAsync("a", c => c with { Phase = ClusterPhase.Running });

        await RoundAsync(after: 2);

        Assert.NotEqual(JobState.Ended, Assert.Single(_bench.Farm.Jobs).State);
        Assert.Equal("pool.1", _bench.Store.Jobs["a"].Handle);
        Assert.Empty(_bench.Store.Outbox);
    }

    [Fact]
    public async Task Start_BackendFailsOnOneJob_TheOthersGoOn()
    {
        await _bench.AddClusterAsync("a", "a-1", "a-2", "a-3", "a-4", "a-5");
        _bench.Farm.Poison = "a-2";
        await RoundAsync();

        Assert.Equal(["a-1", "a-3", "a-4", "a-5"], _bench.Store.Jobs.Keys.Order());
        Assert.Equal(["a-1", "a-3", "a-4", "a-5"], _bench.Farm.Jobs.Select(j => j.Name).Order());
        Assert.Equal("a-2", Assert.Single(_bench.Store.Outbox).Job);
        Assert.Equal(TimeSpan.Zero, _bench.Instance.Health.Pause);

        _bench.Farm.Poison = null;
        await RoundAsync(after: 301);
        Assert.Empty(_bench.Store.Outbox);
        Assert.Equal(5, _bench.Farm.Jobs.Count);
    }

    [Fact]
    public async Task Start_StoreAwayBeforeTheCall_GivesTheClaimBackUntried()
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Faults.Set(2, FaultKind.StoreAwayBefore);
        await RoundAsync();
        Assert.Empty(_bench.Farm.Jobs);
        Assert.Equal(0, Assert.Single(_bench.Store.Outbox).Attempt);

        await RoundAsync(after: 1);
        Assert.Single(_bench.Farm.Jobs);
    }

    [Theory]
    [InlineData((int)FaultKind.StoreAwayBefore)]
    [InlineData((int)FaultKind.StoreAwayAfter)]
    public async Task Start_StoreAwayAfterTheCall_TellsTheOutcomeWhenItIsBack(int kind)
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Faults.Set(3, (FaultKind)kind);
        await RoundAsync();
        _bench.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([1], _bench.Farm.StartCalls);
        Assert.Equal("pool.1", _bench.Store.Jobs["a-1"].Handle);
        Assert.Empty(_bench.Store.Outbox);
    }

    [Theory]
    [InlineData(nameof(IJobStore.ClaimOutboxAsync))]
    [InlineData(nameof(IJobStore.SnapshotsAsync))]
    public async Task Start_FrozenBeyondItsClaimBeforeTheCall_IsLeftToWhoeverHasItNow(string at)
    {
        await _bench.AddClusterAsync("a", "a-1");
        var frozen = _bench.Executor(Interruption.During(_bench.Jobs, at, () => RoundAsync(after: 21).GetAwaiter().GetResult()));
        await frozen.RunOnceAsync(Bench.Cancellation);

        Assert.Equal([1], _bench.Farm.StartCalls);
        Assert.Single(_bench.Farm.Jobs);
        Assert.Equal("pool.1", _bench.Store.Jobs["a-1"].Handle);
        Assert.Empty(_bench.Store.Outbox);
        Assert.Equal(TimeSpan.Zero, _bench.Instance.Health.Pause);
    }

    [Fact]
    public async Task Start_TooLateAfterItsClaimThatHoldsStill_IsGivenBackUntried()
    {
        await _bench.AddClusterAsync("a", "a-1");
        var slow = _bench.Executor(Interruption.During(_bench.Jobs, nameof(IJobStore.SnapshotsAsync), () => _bench.Time.Advance(TimeSpan.FromSeconds(10))));
        await slow.RunOnceAsync(Bench.Cancellation);
        Assert.Empty(_bench.Farm.StartCalls);
        Assert.Equal(0, Assert.Single(_bench.Store.Outbox).Attempt);

        await RoundAsync(after: 1);
        Assert.Equal([1], _bench.Farm.StartCalls);
    }

    [Fact]
    public async Task ToldToStop_WhileItClaims_DoesWhatItHasClaimed()
    {
        await _bench.AddClusterAsync("a", "a-1");
        using var stop = new CancellationTokenSource();
        var executor = _bench.Executor(Interruption.During(_bench.Jobs, nameof(IJobStore.ClaimOutboxAsync), stop.Cancel));
        await executor.RunOnceAsync(stop.Token);

        Assert.Equal([1], _bench.Farm.StartCalls);
        Assert.Empty(_bench.Store.Outbox);
    }

    [Fact]
    public async Task Start_KeyMissing_BlocksOnlyItsClusterAndIsToldOnce()
    {
        await _bench.AddClusterAsync("a", "a-1", "a-2");
        await _bench.AddClusterAsync("b", "b-1");
        _bench.Store.MissingKeys.Add("a");
        for (int i = 0; i < 5; i++)
        {
            await RoundAsync(after: 31);
        }

        Assert.Equal(["b-1"], _bench.Farm.Jobs.Select(j => j.Name));
        Assert.Contains("key", Assert.Single(_bench.Store.Events, e => e.Cluster == "a").Message);
        Assert.Contains("key", _bench.Store.Jobs["a-1"].Reason);

        _bench.Store.MissingKeys.Clear();
        await RoundAsync(after: 31);
        Assert.Equal(3, _bench.Farm.Jobs.Count);
    }

    [Fact]
    public async Task Start_KeyMissingAndNotWantedAnyMore_IsWithdrawn()
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Farm.LostAnswers = 1;
        await RoundAsync();
        _bench.Store.MissingKeys.Add("a");
        await _bench.StopAsync("a", "a-1");
        await RoundAsync(after: 2);
        await RoundAsync(after: 2);

        Assert.Equal(JobState.Ended, _bench.Store.Jobs["a-1"].State);
        Assert.Empty(_bench.Farm.Living);
        Assert.Empty(_bench.Store.Outbox);
    }

    [Fact]
    public async Task Start_UnansweredAndThenStopped_IsStoppedByName()
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Farm.LostAnswers = 1;
        await RoundAsync();
        await _bench.StopAsync("a", "a-1");
        await RoundAsync(after: 2);

        Assert.Empty(_bench.Farm.Living);
        Assert.Equal(JobState.Ended, _bench.Store.Jobs["a-1"].State);
        Assert.Empty(_bench.Store.Outbox);
    }

    [Fact]
    public async Task Start_OfAReplicaThatDiedAndNotWantedAnyMore_IsFollowedUntilNothingIsLeft()
    {
        await _bench.AddClusterAsync("a", "a-1", "a-2");
        _bench.Faults.Set(3, FaultKind.DieBefore);
        await RoundAsync();
        Assert.Equal(2, _bench.Farm.Living.Count());
        await _bench.StopAsync("a", "a-1", "a-2");
        _bench.Farm.Slow = true;
        _bench.Revive();
        await RoundAsync(after: 41);
        Assert.Equal([2], _bench.Farm.StopCalls);
        Assert.DoesNotContain("a-1", _bench.Store.Jobs.Keys);

        foreach (var job in _bench.Farm.Living.ToList())
        {
            Farm.End(job, 0);
        }

        await RoundAsync(after: 31);
        Assert.All(_bench.Store.Jobs.Values, j => Assert.Equal(JobState.Ended, j.State));
        Assert.Equal(2, _bench.Store.Jobs.Count);
        Assert.Empty(_bench.Store.Outbox);
        Assert.Equal(2, _bench.Farm.Jobs.Count);
    }

    [Fact]
    public async Task Start_NeverBegunAndOvertakenByAStop_NeverTakesPlace()
    {
        await _bench.AddClusterAsync("a", "a-1");
        await _bench.StopAsync("a", "a-1");
        await RoundAsync();

        Assert.Empty(_bench.Farm.Jobs);
        Assert.Empty(_bench.Farm.StopCalls);
        Assert.Equal(JobState.Ended, _bench.Store.Jobs["a-1"].State);
    }

    [Fact]
    public async Task Start_RefusedAndDeferred_AreToldApart()
    {
        await _bench.AddClusterAsync("a", "a-1", "a-2");
        (_bench.Farm.Deferrals, _bench.Farm.Refusals) = (1, 1);
        await RoundAsync();

        Assert.Equal((JobState.Pending, "The queue is full."), (_bench.Store.Jobs["a-1"].State, _bench.Store.Jobs["a-1"].Reason));
        Assert.Equal((JobState.Ended, "The farm does not take it."), (_bench.Store.Jobs["a-2"].State, _bench.Store.Jobs["a-2"].Reason));
        Assert.Equal(0, Assert.Single(_bench.Store.Outbox).Attempt);

        _bench.Farm.Deferrals = 1;
        await RoundAsync(after: 3);
        Assert.Empty(_bench.Farm.Living);
        await RoundAsync(after: 3);
        Assert.Equal("a-1", Assert.Single(_bench.Farm.Living).Name);
        Assert.Single(_bench.Store.Events, line => line.Message == "Workers wait to be started: The queue is full.");
    }

    [Fact]
    public async Task Stop_ForgottenByTheBackend_IsAskedForAgain()
    {
        await _bench.AddClusterAsync("a", "a-1");
        await RoundAsync();
        await _bench.StopAsync("a", "a-1");
        _bench.Farm.Forgotten = 2;
        await RoundAsync();
        Assert.Single(_bench.Farm.Living);

        await RoundAsync(after: 29);
        Assert.Equal([1], _bench.Farm.StopCalls);
        await RoundAsync(after: 2);
        await RoundAsync(after: 60);
        Assert.Equal([1, 1, 1], _bench.Farm.StopCalls);
        Assert.Empty(_bench.Farm.Living);
        Assert.Equal(JobState.Ended, _bench.Store.Jobs["a-1"].State);
        Assert.Empty(_bench.Store.Outbox);
    }

    [Fact]
    public async Task Stop_EndsInItsOwnTime_IsConfirmedByOneMoreCallAndKeepsItsExitCode()
    {
        await _bench.AddClusterAsync("a", "a-1");
        await RoundAsync();
        await _bench.StopAsync("a", "a-1");
        _bench.Farm.Slow = true;
        await RoundAsync();
        Farm.End(_bench.Farm.Living.Single(), 143);
        await _bench.Monitor().RunOnceAsync(Bench.Cancellation);
        await RoundAsync(after: 31);
        await RoundAsync(after: 301);

        Assert.Equal([1, 1], _bench.Farm.StopCalls);
        Assert.Equal((JobState.Ended, 143), (_bench.Store.Jobs["a-1"].State, _bench.Store.Jobs["a-1"].ExitCode));
        Assert.Empty(_bench.Store.Outbox);
    }

    [Fact]
    public async Task Backend_Out_IsLeftAloneForAPause()
    {
        await _bench.AddClusterAsync("a", "a-1");
        _bench.Farm.Out = true;
        await RoundAsync();
        _bench.Farm.Out = false;
        await RoundAsync();
        Assert.Empty(_bench.Farm.StartCalls);

        await RoundAsync(after: 2);
        Assert.Equal([1], _bench.Farm.StartCalls);
        Assert.Equal(0, _bench.Instance.Health.Failures);
    }

    private async Task RoundAsync(double after = 0)
    {
        _bench.Time.Advance(TimeSpan.FromSeconds(after));
        await _executor.RunOnceAsync(Bench.Cancellation);
    }
}
