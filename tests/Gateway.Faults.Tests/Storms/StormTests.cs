using System.Globalization;
using Gateway.Faults.Tests.Load;
using Gateway.Faults.Tests.Site;

namespace Gateway.Faults.Tests.Storms;

public sealed class StormTests(ITestOutputHelper output)
{
    private const int Replicas = 3;
    private const int Users = 4;

    // storm.sh sets these; unset it is the short storm of the test run.
    private static readonly int Seconds = Number("FAULTS_SECONDS", 25);
    private static readonly int Seed = Number("FAULTS_SEED", 1);

    [Fact]
    public async Task Storm_ReplicasAndDatabaseFailAtRandom_EverythingComesToWhatWasLastAskedFor()
    {
        if (GatewaySite.Missing is { } missing)
        {
            Assert.Skip(missing);
        }

        var cancellationToken = TestContext.Current.CancellationToken;
        await using var site = await GatewaySite.StartAsync(Replicas, null, cancellationToken);
        var storm = new Storm(site, Seed);
        User[] users = [.. Enumerable.Range(0, Users).Select(i => new User($"user{i}", site.Replicas, (Seed * 100) + 50 + i, storm.Answers))];
        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Task.WhenAll(users.Select(u => u.LiveAsync(working.Token)));

        await storm.RageAsync(TimeSpan.FromSeconds(Seconds), cancellationToken);
        await working.CancelAsync();
        await work;

        output.WriteLine($"Seed {Seed}, {Seconds} s, {Replicas} replicas, {Users} users. Faults: {storm.Faults}.");
        await Settling.AssertAsync(site, users, storm.Answers, cancellationToken);
        Array.ForEach(users, u => u.Dispose());
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
