using System.Collections.Concurrent;
using Gateway.Backends.HTCondor.Events;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>Starts jobs in the fewest submissions, and none twice.</summary>
internal sealed partial class JobStarter(
    HTCondorOptions options, JobPreparer preparer, Submitter submitter, Adoption adoption, ScheddPool schedds, KnownJobs known, Func<string?> log, TimeProvider time, ILogger<JobStarter> logger)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    // Names whose last submission may or may not have got through: asked for before they are submitted again, whatever their attempt.
    private readonly ConcurrentDictionary<string, byte> _uncertain = new();
    private readonly ConcurrentDictionary<string, byte> _underWay = new();

    /// <returns>One outcome per job, in order.</returns>
    /// <exception cref="BackendUnavailableException">Nothing is known of any job that was not refused.</exception>
    public async Task<IReadOnlyList<StartOutcome>> StartAsync(IReadOnlyList<JobStart> jobs, CancellationToken cancellationToken)
    {
        var batch = new StartBatch(jobs.Count);
        var mine = new List<string>();
        try
        {
            var ready = new List<PreparedJob>();
            var file = log();
            for (var i = 0; i < jobs.Count; i++)
            {
                if (!_underWay.TryAdd(jobs[i].Name, 0))
                {
                    batch.Set(i, new StartOutcome.Deferred(Soon, "It is being submitted already."));
                    continue;
                }

                mine.Add(jobs[i].Name);
                try
                {
                    ready.Add(await preparer.PrepareAsync(i, jobs[i], file, cancellationToken));
                }
                catch (SubmitTextException exception)
                {
                    batch.Set(i, new StartOutcome.Refused(exception.Sentence));
                }
                catch (IOException exception)
                {
                    batch.Set(i, new StartOutcome.Deferred(Soon, $"Its files could not be written: {exception.Message}."));
                }
            }

            ready = await adoption.AdoptAsync(ready, job => job.Attempt > 1 || _uncertain.ContainsKey(job.Name), batch, cancellationToken);
            foreach (var group in ready.GroupBy(job => job.Template))
            {
                await SubmitAsync([.. group], batch, cancellationToken);
            }
        }
        finally
        {
            foreach (var name in mine)
            {
                _underWay.TryRemove(name, out _);
            }
        }

        var outcomes = batch.Outcomes(Soon);
        for (var i = 0; i < jobs.Count; i++)
        {
            if (batch.IsSettled(i))
            {
                _uncertain.TryRemove(jobs[i].Name, out _);
            }
        }

        return outcomes;
    }

    private async Task SubmitAsync(List<PreparedJob> jobs, StartBatch batch, CancellationToken cancellationToken)
    {
        while (jobs.Count > 0)
        {
            var preferred = await schedds.PreferredAsync(cancellationToken);
            if (preferred.FirstOrDefault(schedd => schedd.Idle < options.Queue.IdleJobs) is not { } schedd)
            {
                batch.Set(jobs, new StartOutcome.Deferred(options.ListPeriod, $"{options.Queue.IdleJobs} jobs of the gateway wait in HTCondor already, as many as are allowed: this one is submitted when some have started."));
                return;
            }

            if (schedd.TakeSubmission(options.Queue.SubmissionsPerMinute, time) is { } wait)
            {
                batch.Set(jobs, new StartOutcome.Deferred(wait, $"{options.Queue.SubmissionsPerMinute} submissions were made within a minute, as many as are allowed."));
                return;
            }

            var count = Math.Min(Math.Min(jobs.Count, options.Queue.JobsPerSubmission), options.Queue.IdleJobs - schedd.Idle);
            var some = jobs[..count];
            jobs = jobs[count..];
            await SubmitToAsync(schedd, some, batch, cancellationToken);
        }
    }

    private async Task SubmitToAsync(Schedd schedd, List<PreparedJob> jobs, StartBatch batch, CancellationToken cancellationToken)
    {
        // From here on a crash of this call leaves it open what became of them.
        foreach (var job in jobs)
        {
            _uncertain[job.Name] = 0;
        }

        try
        {
            var ids = await submitter.SubmitAsync(schedd, jobs, cancellationToken);
            LogSubmitted(jobs.Count, jobs[0].Account, schedd.Scope, ids[0]);
            for (var i = 0; i < jobs.Count; i++)
            {
                if (schedd == schedds.All[0])
                {
                    known.Add(ids[i], jobs[i].Start);
                }

                batch.Started(jobs[i], schedd, ids[i]);
            }
        }
        catch (ToolException exception)
        {
            await SettleAsync(schedd, jobs, exception, batch, cancellationToken);
        }
    }

    private async Task SettleAsync(Schedd schedd, List<PreparedJob> jobs, ToolException failure, StartBatch batch, CancellationToken cancellationToken)
    {
        if (failure.Fault is ToolFault.NotReached or ToolFault.Missing)
        {
            if (failure.Fault == ToolFault.NotReached && (await schedds.PreferredAsync(cancellationToken))[0] is var other && other != schedd && !(other.AvoidUntil > time.GetUtcNow()))
            {
                // Nothing was done there, so nothing keeps another from doing it.
                await SubmitAsync(jobs, batch, cancellationToken);
                return;
            }

            foreach (var job in jobs)
            {
                _uncertain.TryRemove(job.Name, out _);
                batch.Fail(job.Index, failure.Message, mayExist: false);
            }

            return;
        }

        var rest = await adoption.SettleAsync(schedd, jobs, failure, batch, cancellationToken);
        switch (failure.Fault)
        {
            case ToolFault.Rejected when rest.Select(job => job.Section).Distinct().Count() > 1:
                // One cluster's mistake must not stop another's workers.
                LogSplit(rest.Count, failure.Message);
                foreach (var section in rest.GroupBy(job => job.Section))
                {
                    await SubmitToAsync(schedd, [.. section], batch, cancellationToken);
                }

                break;
            case ToolFault.Rejected:
                batch.Set(rest, new StartOutcome.Refused(Sentence($"HTCondor refuses it: {failure.Message}")));
                break;
            case ToolFault.Full:
                batch.Set(rest, new StartOutcome.Deferred(options.ListPeriod, Sentence($"HTCondor takes no more jobs now: {failure.Message}")));
                break;
            default:
                batch.Set(rest, new StartOutcome.Deferred(Soon, Sentence($"HTCondor did not take it: {failure.Message}")));
                break;
        }
    }

    private static string Sentence(string text)
    {
        var first = char.ToUpperInvariant(text[0]) + text[1..];
        return first.EndsWith('.') ? first : first + ".";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Submitted {Count} jobs of {Account} to schedd {Schedd}, from {FirstJob} on")]
    private partial void LogSubmitted(int count, string account, string schedd, JobId firstJob);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A submission of {Count} jobs was refused, each cluster's are tried alone: {Reason}")]
    private partial void LogSplit(int count, string reason);
}
