using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

/// <summary>On tables this small the planner may prefer to read them whole; here it must not where there is another way.</summary>
public sealed class PostgresQueryPlanTests(SharedPostgres server) : PostgresPlans(server, " -c enable_seqscan=off")
{
    [Fact]
    public async Task HotPaths_WithALongHistory_HaveIndexes() => await CheckAsync(Few);
}

public sealed class PostgresGrowthTests(SharedPostgres server) : PostgresPlans(server, "")
{
    [Fact(Explicit = true)]
    public async Task HotPaths_WithAHundredThousandClustersAndAMillionWorkers_UseIndexes() => await CheckAsync(Many);
}

public abstract partial class PostgresPlans(SharedPostgres server, string settings)
    : QueryPlanTests(token => server.MakeAsync(AutoExplain + settings, token))
{
    // The plan of every statement goes to the server's log.
    private const string AutoExplain = ";Options=-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c auto_explain.log_analyze=on";

    protected override async Task FillAsync(int clusters)
    {
        foreach (string statement in History.Statements("'old' || i", "'old' || i || '-' || k"))
        {
            string counted = statement.Replace("FROM n, m", "FROM n CROSS JOIN generate_series(1, 10) AS m (k)", StringComparison.Ordinal)
                .Replace("FROM n", $"FROM generate_series(1, {clusters}) AS n (i)", StringComparison.Ordinal)
                .Replace("x'00'", "'\\x00'", StringComparison.Ordinal);
            await Database.ExecuteAsync(counted, Token);
        }

        await Database.ExecuteAsync("ANALYZE", Token);
    }

    protected override async Task<IReadOnlyList<string>> FullReadsAsync(Func<Task> operation)
    {
        string database = (await Database.ReadAsync("SELECT current_database()", Token))!;
        int before = (await server.Server.ReadLogAsync(Token)).Length;
        await operation();
        string log = (await server.Server.ReadLogAsync(Token))[before..];

        // A message begins with its database's name; its other lines with a tab.
        var mine = Message().Matches(log).Where(m => m.Groups["database"].Value == database).Select(m => m.Value).ToList();
        Assert.Contains(mine, m => Node().IsMatch(m));
        return [.. mine.SelectMany(m => Node().Matches(m).Where(n => RowsRead(n) > 1000).Select(n => $"{n.Value} in {m}"))];
    }

    private static double RowsRead(Match node) =>
        (Number(node.Groups["rows"]) * Number(node.Groups["loops"])) + node.Groups["removed"].Captures.Sum(c => double.Parse(c.Value, CultureInfo.InvariantCulture));

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<database>[^|\n\t]*)\|[^\n]*(\n\t[^\n]*)*", RegexOptions.Multiline)]
    private static partial Regex Message();

    // One table's part in a plan, with the lines about it.
    [GeneratedRegex(@"Scan (using \w+ )?on (clusters|cluster_inbox|credentials|workers|jobs|events|outbox)\b[^\n]*actual time=[\d.]+ rows=(?<rows>\d+) loops=(?<loops>\d+)\)(\n\t(?![^\n]*(->|Plan))[^\n]*?(Rows Removed by [\w ]+: (?<removed>\d+))?(?=\n|$))*")]
    private static partial Regex Node();
}
