using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>Finds out what became of submissions whose end nobody has seen.</summary>
internal sealed partial class Adoption(HTCondorOptions options, CondorQueue queue, Constraint constraint, ScheddPool schedds, TimeProvider time, ILogger<Adoption> logger)
{
    private const int SpoolingLooks = 8;

    private static readonly TimeSpan SpoolingPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>Settles those jobs of earlier attempts that exist, or have existed.</summary>
    /// <returns>The jobs that are to be submitted.</returns>
    public async Task<List<PreparedJob>> AdoptAsync(List<PreparedJob> jobs, Func<PreparedJob, bool> isRetry, StartBatch batch, CancellationToken cancellationToken)
    {
        var retries = jobs.Where(isRetry).ToList();
        if (retries.Count == 0)
        {
            return jobs;
        }

        var (found, silent) = await queue.FindAsync(constraint, [.. retries.Select(job => job.Name)], cancellationToken);
        for (var i = 0; i < SpoolingLooks && found.Any(job => job.Ad.IsSpooling && !IsOld(job.Ad)); i++)
        {
            // A schedd takes a second or so to let jobs go whose files have all come.
            await Task.Delay(SpoolingPause, time, cancellationToken);
            (found, silent) = await queue.FindAsync(constraint, [.. retries.Select(job => job.Name)], cancellationToken);
        }

        var rest = await TakeAsync(retries, found, batch, cancellationToken);
        if (silent.Count > 0)
        {
            // It may be there: submitting it elsewhere could make two.
            foreach (var job in rest)
            {
                batch.Fail(job.Index, silent.Values.First().Message, mayExist: true);
            }

            rest = [];
        }

        rest = await EndedAsync(rest, batch, cancellationToken);
        return [.. jobs.Except(retries), .. rest];
    }

    /// <summary>After a failed submission: settles the jobs that got through.</summary>
    /// <returns>The jobs that certainly did not.</returns>
    public async Task<List<PreparedJob>> SettleAsync(Schedd schedd, IReadOnlyList<PreparedJob> jobs, ToolException failure, StartBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            var found = await queue.QueryAsync(schedd, constraint.Names(jobs.Select(job => job.Name)), cancellationToken);
            return await TakeAsync(jobs, [.. found.Select(ad => (schedd, ad))], batch, cancellationToken, failure);
        }
        catch (ToolException)
        {
            foreach (var job in jobs)
            {
                batch.Fail(job.Index, failure.Message, mayExist: true);
            }

            return [];
        }
    }

    private async Task<List<PreparedJob>> TakeAsync(
        IReadOnlyList<PreparedJob> jobs, IReadOnlyList<(Schedd Schedd, JobAd Ad)> found, StartBatch batch, CancellationToken cancellationToken, ToolException? failure = null)
    {
        var byName = found.ToLookup(job => job.Ad.Name);
        var rest = new List<PreparedJob>();
        foreach (var job in jobs)
        {
            if (byName[job.Name].Where(other => other.Ad.Account == job.Account).OrderBy(other => IsOfNoUse(other.Ad)).ThenBy(other => other.Ad.Id).Select(other => ((Schedd, JobAd)?)other).FirstOrDefault() is not var (schedd, ad))
            {
                rest.Add(job);
            }
            else if (!IsOfNoUse(ad))
            {
                LogAdopted(job.Name, schedd.Scope, ad.Id);
                batch.Started(job, schedd, ad.Id, JobExplainer.Report(ad, schedd.Scope).State);
            }
            else
            {
                batch.Set(job.Index, new StartOutcome.Deferred(Soon, (failure, ad.IsTakenBack) switch
                {
                    ({ } reason, _) => $"HTCondor did not take its files: {reason.Message.TrimEnd('.')}.",
                    (_, true) => "HTCondor is still removing an earlier submission of it: it is submitted again when that is gone.",
                    _ => "An earlier try to hand its files to HTCondor has not come to an end.",
                }));
            }
        }

        // A job whose files never came is of no use, and stays for ever: the next try makes another.
        var broken = found.Where(job => job.Ad.IsSpooling && (failure is not null || IsOld(job.Ad)));
        foreach (var group in broken.GroupBy(job => (job.Schedd, job.Ad.Account)))
        {
            try
            {
                await queue.RemoveAsync(group.Key.Schedd, group.Key.Account, constraint, [.. group.Select(job => job.Ad.Id)], cancellationToken);
            }
            catch (ToolException exception)
            {
                LogNotRemoved(group.Count(), group.Key.Schedd.Scope, exception.Message);
            }
        }

        return rest;
    }

    // A job may have run and gone between two attempts: its name has been used.
    private async Task<List<PreparedJob>> EndedAsync(List<PreparedJob> jobs, StartBatch batch, CancellationToken cancellationToken)
    {
        if (jobs.Count == 0)
        {
            return jobs;
        }

        var byName = jobs.ToDictionary(job => job.Name);
        foreach (var schedd in schedds.All)
        {
            try
            {
                foreach (var ad in await queue.HistoryAsync(schedd, constraint.Names(byName.Keys), jobs.Count, cancellationToken))
                {
                    // One that never began (its submission was taken back) may be submitted again.
                    if (ad.Starts > 0 && byName.Remove(ad.Name, out var job))
                    {
                        LogAdopted(job.Name, schedd.Scope, ad.Id);
                        batch.Started(job, schedd, ad.Id, JobState.Ended);
                    }
                }
            }
            catch (ToolException exception)
            {
                LogNoHistory(schedd.Scope, exception.Message);
            }
        }

        return [.. jobs.Where(job => byName.ContainsKey(job.Name))];
    }

    private static bool IsOfNoUse(JobAd ad) => ad.IsSpooling || ad.IsTakenBack;

    private bool IsOld(JobAd ad) => ad.Submitted is { } submitted && time.GetUtcNow().ToUnixTimeSeconds() - submitted > options.Tools.SubmitTimeout.TotalSeconds + Soon.TotalSeconds;

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobName} exists already in schedd {Schedd} as {JobId}")]
    private partial void LogAdopted(string jobName, string schedd, JobId jobId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} jobs whose files never came could not be removed from schedd {Schedd}: {Reason}")]
    private partial void LogNotRemoved(int count, string schedd, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The history of schedd {Schedd} cannot be read, the queue alone decides whether jobs exist: {Reason}")]
    private partial void LogNoHistory(string schedd, string reason);
}
