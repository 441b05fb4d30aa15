using System.Reflection;
using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Storms;

/// <summary>The process dies before and after every effect that it has: each save, each call of the batch system, each record of what came of it.</summary>
public sealed class CrashPointTests(ITestOutputHelper output)
{
    private const int Users = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // Some of the points only, for whoever looks into one of them.
    private static readonly string? Only = Environment.GetEnvironmentVariable("FAULTS_POINTS");

    /// <summary>A method that a contract gains is either killed around, or known to change nothing.</summary>
    [Fact]
    public void Points_AreAllMethodsWithAnEffect()
    {
        var methods = CrashPoints.Contracts.SelectMany(c => c.GetMethods().Where(IsCall).Select(m => $"{c.Name}.{m.Name}")).Distinct().Order(StringComparer.Ordinal).ToList();
        string[] listed = [.. CrashPoints.All.Select(p => p.Method).Distinct(), .. CrashPoints.Reads, .. CrashPoints.Commands];

        Assert.Equal(methods, listed.Order(StringComparer.Ordinal));
        foreach (string method in CrashPoints.All.Select(p => p.Method))
        {
            Assert.Contains(CrashPoints.All, p => p.At.StartsWith($"{method}:before:", StringComparison.Ordinal));
            Assert.Contains(CrashPoints.All, p => p.At.StartsWith($"{method}:after:", StringComparison.Ordinal));
        }

        static bool IsCall(MethodInfo method) => method.ReturnType.IsAssignableTo(typeof(Task)) || method.ReturnType.Name.StartsWith("IAsyncEnumerable", StringComparison.Ordinal);
    }

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

        await Eventually.TrueAsync(async () => (await site.QueryAsync("SELECT name FROM clusters", cancellationToken)).Count > 0, "the users are at work", cancellationToken);
        var replica = site.Replicas[0];
        await replica.KillAsync();
        foreach (var point in CrashPoints.All.Where(p => Only is null || p.At.Contains(Only, StringComparison.Ordinal)))
        {
            await DieAsync(site, point, cancellationToken);
        }

        await site.StartAllAsync(cancellationToken);
        await working.CancelAsync();
        await work;
        output.WriteLine($"{CrashPoints.All.Count} crash points, at {CrashPoints.All.DistinctBy(p => p.Method).Count()} methods.");
        await Settling.AssertAsync(site, users, answers, cancellationToken);
        Array.ForEach(users, u => u.Dispose());
        await Eventually.TrueAsync(
            async () => (await site.QueryAsync("SELECT cluster FROM events WHERE cluster LIKE 'old_' UNION SELECT cluster FROM cluster_inbox WHERE cluster LIKE 'old_'", cancellationToken)).Count == 0,
            "what ended long ago is forgotten",
            cancellationToken);
    }

    private static async Task DieAsync(GatewaySite site, CrashSite point, CancellationToken cancellationToken)
    {
        var replica = site.Replicas[0];
        if (point.Before is { } before)
        {
            await site.ExecuteAsync(before, cancellationToken);
        }

        replica.Start(new Dictionary<string, string>
        {
            ["env:FAULTS_CRASH_AT"] = point.At,
            ["env:DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "Gateway.Faults.Backend.dll"),
        });
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        await Task.WhenAll(replica.EndedAsync(patience.Token), point.During?.Invoke(site, patience.Token) ?? Task.CompletedTask);
        Assert.True(replica.ExitCode == 137, $"At {point.At} the gateway ended with {replica.ExitCode}:\n{await File.ReadAllTextAsync(replica.LogFile, cancellationToken)}");
        if (point.After is { } after)
        {
            await site.ExecuteAsync(after, cancellationToken);
        }
    }
}
