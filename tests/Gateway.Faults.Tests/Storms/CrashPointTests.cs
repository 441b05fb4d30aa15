using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Storms;

/// <summary>The process dies before and after every effect that it has: each save, each call of the batch system, each record of what came of it.</summary>
public sealed class CrashPointTests(ITestOutputHelper output)
{
    private const int Users = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // A method of a store or backend, when, and at which call since the start.
    private static readonly string[] Points =
    [
        "CreateAsync:before:1", "CreateAsync:after:1",
        "ClaimAsync:after:1", "LoadAsync:before:1", "LoadAsync:after:1",
        "SaveAsync:before:1", "SaveAsync:after:1", "SaveAsync:before:2", "SaveAsync:after:2", "SaveAsync:before:4", "SaveAsync:after:4", "SaveAsync:after:7",
        "ClaimOutboxAsync:after:1", "ClaimOutboxAsync:after:5", "SnapshotsAsync:after:1",
        "StartAsync:before:1", "StartAsync:after:1", "StartAsync:before:3", "StartAsync:after:3",
        "FinishOutboxAsync:before:1", "FinishOutboxAsync:after:1", "FinishOutboxAsync:before:3", "FinishOutboxAsync:after:3",
        "CheckAddressAsync:before:1", "CheckAddressAsync:after:1",
        "RecordHeartbeatsAsync:before:2", "RecordHeartbeatsAsync:after:2",
        "RecordJobsAsync:before:1", "RecordJobsAsync:after:1",
        "RequestStopAsync:before:1", "RequestStopAsync:after:1",
        "StopAsync:before:1", "StopAsync:after:1",
        "CleanAsync:before:1", "CleanAsync:after:1", "MarkCleanAsync:after:1",
    ];

    [Fact]
    public async Task Crash_BeforeAndAfterEachStep_EverythingComesToWhatWasLastAskedFor()
    {
        if (GatewaySite.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        var cancellationToken = TestContext.Current.CancellationToken;
        await using var site = await GatewaySite.StartAsync(1, null, cancellationToken);
        var answers = new Answers();
        User[] users = [.. Enumerable.Range(0, Users).Select(i => new User($"user{i}", site.Replicas, seed: i, answers))];
        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Task.WhenAll(users.Select(u => u.LiveAsync(working.Token)));

        var replica = site.Replicas[0];
        await replica.KillAsync();
        foreach (string point in Points)
        {
            replica.Start(new Dictionary<string, string>
            {
                ["env:FAULTS_CRASH_AT"] = point,
                ["env:DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "Gateway.Faults.Backend.dll"),
            });
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            await replica.EndedAsync(patience.Token);
            Assert.True(replica.ExitCode == 137, $"At {point} the gateway ended with {replica.ExitCode}:\n{await File.ReadAllTextAsync(replica.LogFile, cancellationToken)}");
        }

        await site.StartAllAsync(cancellationToken);
        await working.CancelAsync();
        await work;
        output.WriteLine($"{Points.Length} crash points.");
        await Settling.AssertAsync(site, users, answers, cancellationToken);
        Array.ForEach(users, u => u.Dispose());
    }
}
