using System.Text.RegularExpressions;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>Says in a user's words what a job is doing and why.</summary>
internal static partial class JobExplainer
{
    private const int MaxReason = 600;

    /// <summary>What the ad says, without what only the whole queue can tell.</summary>
    public static JobReport Report(JobAd ad, string scope, string? waiting = null)
    {
        var (state, words) = Explain(ad, waiting);

        // Part of it may be a user's own words (a requirement, the name of a file): one line, and nothing that a terminal would obey.
        var reason = words is null ? null : Controls().Replace(words, " ");
        return new JobReport
        {
            Name = ad.Name,
            Cluster = ad.Cluster,
            Kind = ad.Kind,
            Handle = new CondorHandle(scope, ad.Id, ad.Account, ad.Cluster).ToString(),
            State = state,
            Reason = reason is { Length: > MaxReason } ? reason[..MaxReason] + "…" : reason,
            Host = ad.Host,
            ExitCode = state == JobState.Ended ? Exit(ad) : null,
            SubmittedAt = ad.Submitted is { } submitted and > 0 and < 253402300800 ? DateTimeOffset.FromUnixTimeSeconds(submitted) : null,
            Scope = scope,
        };
    }

    /// <summary>Exit code, or 128 + signal.</summary>
    public static int? Exit(JobAd ad) => ad.ExitBySignal ? 128 + ad.ExitSignal : ad.Status == 4 ? ad.ExitCode : null;

    public static string Signal(int signal) => signal switch
    {
        6 => "it aborted itself (SIGABRT)",
        9 => "it was killed (SIGKILL): by hand, or by the machine when memory ran out",
        11 => "it crashed (SIGSEGV): often a library of the image",
        15 => "it was told to end (SIGTERM)",
        _ => $"it was ended by signal {signal}",
    };

    private static (JobState State, string? Reason) Explain(JobAd ad, string? waiting) => ad.Status switch
    {
        1 when ad.Starts > 0 => (JobState.Ended, Lost(ad)),
        1 => (JobState.Pending, waiting),
        2 or 6 => (JobState.Running, null),
        7 => (JobState.Running, "The machine has suspended it."),
        3 when ad.RemoteHost is not null => (JobState.Running, "It is being ended."),
        3 => (JobState.Ended, Removed(ad)),
        4 => (JobState.Ended, Ended(ad)),
        5 when ad.IsSpooling => (JobState.Pending, "Its files are being handed over to HTCondor."),
        5 => (JobState.Held, Held(ad)),
        _ => (JobState.Pending, $"HTCondor gives it the unknown status {ad.Status}."),
    };

    private static string Held(JobAd ad)
    {
        var reason = Clean(ad.HoldReason) ?? "no reason given";
        return $"HTCondor holds it: {reason} (code {ad.HoldCode ?? 0}/{ad.HoldSubCode ?? 0}); {HoldCodes.Explain(ad.HoldCode ?? 0, ad.HoldSubCode ?? 0, reason)}.";
    }

    private static string Lost(JobAd ad)
    {
        var where = ad.Host is { } host ? $" on {host}" : "";
        return ad.VacateReason is { } reason
            ? $"It lost its place{where}: {Clean(reason)}. Such a job is not started again under its name."
            : $"It was evicted{where}: the machine gave its place to others (preemption) or was closed. Such a job is not started again under its name.";
    }

    private static string Removed(JobAd ad) => Clean(ad.RemoveReason) switch
    {
        null => "It was removed.",
        Removals.Lost => Lost(ad),
        Removals.Overdue => $"Its time was over{(ad.Host is { } host ? $" on {host}" : "")}: it ran for as long as the site allows.",
        Removals.Stale => "It waited until the credentials that go with it were about to end: another is submitted with new ones.",
        Removals.Unstartable => $"Machines tried to start it again and again and could not{(ad.VacateReason is { } last ? $"; the last one{(ad.Host is { } host ? $", {host}," : "")} says: {Clean(last)}" : "")}.",
        Removals.Forgotten => $"It was held for too long and then removed{(ad.HoldReason is { } hold ? $": {Clean(hold)}" : "")}.",
        var reason when reason.StartsWith("via condor_rm", StringComparison.Ordinal) => $"It was removed {reason}.",
        var reason => $"HTCondor removed it: {reason}.",
    };

    private static string? Ended(JobAd ad) => Exit(ad) switch
    {
        null or 0 => null,
        _ when ad.ExitBySignal && ad.ExitSignal is { } signal => $"It ended: {Signal(signal)}.",
        126 => "It ended with exit code 126: its command could not be run on the machine.",
        127 => "It ended with exit code 127: its command was not found on the machine; check the image or the environment.",
        var code => $"It ended with exit code {code}; see its log.",
    };

    [GeneratedRegex(@"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+")]
    private static partial Regex Controls();

    private static string? Clean(string? text)
    {
        var clean = text?.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return clean is { Length: > 0 } ? clean : null;
    }
}
