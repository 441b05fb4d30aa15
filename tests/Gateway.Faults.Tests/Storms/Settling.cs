using System.Diagnostics;
using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Storms;

/// <summary>The calm after: everything must come to what its user last asked for.</summary>
internal static class Settling
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task AssertAsync(GatewaySite site, IReadOnlyList<User> users, Answers answers, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        await Task.WhenAll(users.Select(u => u.SettleAsync(patience.Token)));
        var wanted = users.SelectMany(u => u.Accepted).ToDictionary();
        long begun = Stopwatch.GetTimestamp();
        IReadOnlyList<string> broken;
        while ((broken = await Invariants.BrokenAsync(site, wanted, cancellationToken)).Count > 0 && Stopwatch.GetElapsedTime(begun) < Patience)
        {
            await Task.Delay(250, cancellationToken);
        }

        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"Clusters: {wanted.Count}, running at the end: {wanted.Count(w => w.Value is not null)}. Settled after {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s.");
        output.WriteLine($"Jobs started: {(File.Exists(Path.Combine(site.Jobs, "starts.log")) ? (await File.ReadAllLinesAsync(Path.Combine(site.Jobs, "starts.log"), cancellationToken)).Length : 0)}.");
        output.WriteLine($"Answers: {answers}.");
        foreach (string line in site.Replicas.SelectMany(r => File.ReadLines(r.LogFile)).Where(l => l.Contains(" crit: ", StringComparison.Ordinal) || l.Contains("Unexpected failure", StringComparison.Ordinal)))
        {
            output.WriteLine(line);
        }

        Assert.NotEmpty(wanted);
        Assert.True(broken.Count == 0, string.Join('\n', broken));
        Assert.True(!answers.Wrong.Any(), string.Join('\n', answers.Wrong));
    }
}
