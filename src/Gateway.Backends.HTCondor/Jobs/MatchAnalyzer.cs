using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Tools;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>Asks HTCondor, seldom, why no machine matches jobs that have waited long: one job of each kind, one after the other.</summary>
internal sealed partial class MatchAnalyzer(HTCondorOptions options, CondorTools tools, Impersonation identity, TimeProvider time)
{
    private const int MaxLength = 256 << 10;

    private readonly ConcurrentDictionary<string, (string? Finding, DateTimeOffset At)> _findings = new();

    /// <summary>What was found about jobs like this one; null: nothing yet.</summary>
    public string? Finding(JobAd ad) => _findings.TryGetValue(Like(ad), out var found) ? found.Finding : null;

    /// <summary>Analyses one job that needs it most, if there is one.</summary>
    public async Task AnalyzeAsync(Schedd schedd, IEnumerable<JobAd> ads, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var (like, found) in _findings)
        {
            if (now - found.At > 3 * options.Idle.AnalyzePeriod)
            {
                _findings.TryRemove(like, out _);
            }
        }

        var job = ads.FirstOrDefault(ad => ad.Status == 1 && ad.Starts == 0 && ad.Rejected is { } rejected
            && rejected.StartsWith("no match", StringComparison.OrdinalIgnoreCase)
            && now.ToUnixTimeSeconds() - (ad.Submitted ?? 0) >= options.Idle.AnalyzeAfter.TotalSeconds
            && (!_findings.TryGetValue(Like(ad), out var found) || now - found.At >= options.Idle.AnalyzePeriod));
        if (job is null || options.Idle.AnalyzeAfter <= TimeSpan.Zero)
        {
            return;
        }

        // Whatever comes of it: not again before the period is over.
        _findings[Like(job)] = (Finding(job), now);
        try
        {
            var call = new ToolCall("condor_q", [.. schedd.Arguments, "-better-analyze", job.Id.ToString()]) { Timeout = options.Tools.Timeout, Environment = await identity.ForQueryAsync(cancellationToken) };
            var result = await tools.RunAsync(call, cancellationToken);
            _findings[Like(job)] = (Read(result.Text), now);
        }
        catch (ToolException)
        {
            // Logged where tools are run; jobs keep the simple reason.
            return;
        }
    }

    /// <summary>Makes a sentence of what the analysis printed; null where it cannot be understood.</summary>
    internal static string? Read(string text)
    {
        // Its summary follows the conditions; a pool has many machines, an analysis few lines.
        text = text.Length <= MaxLength ? text : text[..MaxLength];
        var summary = Summary().Match(text);
        if (!summary.Success || !int.TryParse(summary.Groups[1].ValueSpan, out var machines) || !int.TryParse(summary.Groups[2].ValueSpan, out var rejected))
        {
            return null;
        }

        if (machines == 0)
        {
            return "The pool has no machine at all at the moment.";
        }

        if (rejected < machines)
        {
            return Able().Match(text) is { Success: true } able && able.Groups[1].Value != "0"
                ? $"{able.Groups[1].Value} of {machines} slots could run it: it waits for its turn."
                : $"{machines - rejected} of {machines} slots fit, and are taken by others: it waits for its turn.";
        }

        // From HTCondor 25 on a second column may say how many would match if they were empty: what never can is 0 there.
        var conditions = Drained().IsMatch(text) ? ConditionsIfDrained() : Conditions();
        var never = conditions.Matches(text).Where(match => match.Groups[1].Value == "0").Select(match => match.Groups[2].Value.Trim()).Distinct().Take(3).ToList();
        var wants = never.Count == 0 ? "no machine meets all its conditions together" : $"no machine meets {string.Join(", nor ", never.Select(condition => With(condition, text)))}";
        return $"Nothing in the pool ({machines} slots) can ever run it as it is: {wants}. Ask for less, or change its requirements.";
    }

    // RequestMemory says little to a user, its value does.
    private static string With(string condition, string text)
    {
        var values = Attribute().Matches(text).DistinctBy(match => match.Groups[1].Value).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim());
        var named = values.Where(value => Own(condition).Contains(value.Key, StringComparer.Ordinal)).Select(value => $"{value.Key} = {value.Value}").ToList();
        return named.Count == 0 ? $"'{condition}'" : $"'{condition}' with {string.Join(" and ", named)}";
    }

    // The job's own attributes in a condition, not the machine's.
    private static IEnumerable<string> Own(string condition) => Names().Matches(condition).Select(match => match.Value);

    private static string Like(JobAd ad) => string.Create(CultureInfo.InvariantCulture, $"{ad.Account}/{ad.Cluster}/{ad.Kind}/{ad.RequestCpus}/{ad.RequestMemory}");

    [GeneratedRegex(@"Of (\d{1,9}) (?:slots? on \d{1,9} )?machines?,\s{1,20}(\d{1,9}) (?:slots? )?(?:are|is) rejected by your job's requirements")]
    private static partial Regex Summary();

    [GeneratedRegex(@"^[ \t]*(\d{1,9}) (?:(?:are|is) able|slots? match and (?:are|is) willing) to run your job", RegexOptions.Multiline)]
    private static partial Regex Able();

    [GeneratedRegex(@"^\[\d{1,4}\][ \t]{1,20}(\d{1,9})[ \t]{1,20}(?!\[\d+\])(\S[^\n]{0,300})$", RegexOptions.Multiline)]
    private static partial Regex Conditions();

    [GeneratedRegex(@"^\[\d{1,4}\][ \t]{1,20}\d{1,9}[ \t]{1,20}(\d{1,9})[ \t]{1,20}(?!\[\d+\])(\S[^\n]{0,300})$", RegexOptions.Multiline)]
    private static partial Regex ConditionsIfDrained();

    [GeneratedRegex(@"^Step[ \t]{1,20}Matched[ \t]{1,20}Drained\b", RegexOptions.Multiline)]
    private static partial Regex Drained();

    [GeneratedRegex(@"(?<![\w.])[A-Za-z_]\w*")]
    private static partial Regex Names();

    [GeneratedRegex(@"^ {4}([A-Za-z_]\w{0,60}) = ([^\n]{1,100})$", RegexOptions.Multiline)]
    private static partial Regex Attribute();
}
