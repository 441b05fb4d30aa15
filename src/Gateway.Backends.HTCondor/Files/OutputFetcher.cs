using System.Collections.Concurrent;
using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Tools;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.HTCondor.Files;

/// <summary>Brings output of spooled jobs from the schedd, in one call for all of an account's.</summary>
/// <remarks>A schedd forgets a job's output when the job is removed: it is fetched before.</remarks>
internal sealed partial class OutputFetcher(HTCondorOptions options, CondorTools tools, Constraint constraint, Impersonation identity, TimeProvider time, ILogger<OutputFetcher> logger) : IDisposable
{
    private const int Completed = 4;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _one = new(1);
    private readonly ConcurrentDictionary<(string Scope, JobId Id, int Status), DateTimeOffset> _tried = new();

    /// <summary>Fetches output of jobs that have begun, unless that was done a short while ago in the same state. A failure is logged: what has ended stays where it is for a while, and is tried again.</summary>
    /// <param name="schedd">Where they are.</param>
    /// <param name="jobs">The jobs, also such as have no output to fetch.</param>
    /// <param name="isLast">True: it is the last chance, whenever the last time was.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task FetchAsync(Schedd schedd, IEnumerable<JobAd> jobs, bool isLast, CancellationToken cancellationToken)
    {
        if (options.Files.Mode != Options.FileMode.Spool)
        {
            return;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            foreach (var (key, at) in _tried)
            {
                if (now - at > RetryAfter)
                {
                    _tried.TryRemove(key, out _);
                }
            }

            // What a machine keeps until the end is not in the spool before.
            var due = jobs.Where(job => (job.Starts > 0 || (isLast && job.Status == 2)) && job.Status != 3 && (job.StreamsOutput || job.Status == Completed) && (_tried.TryAdd((schedd.Scope, job.Id, job.Status), now) || isLast)).ToList();
            foreach (var account in due.GroupBy(job => options.Identity.Mode == IdentityMode.Token ? job.Account : ""))
            {
                foreach (var some in account.Chunk(500))
                {
                    await FetchAsync(schedd, account.Key, some, cancellationToken);
                }
            }
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task FetchAsync(Schedd schedd, string account, IReadOnlyCollection<JobAd> jobs, CancellationToken cancellationToken)
    {
        var ids = jobs.Select(job => job.Id).ToList();
        try
        {
            var environment = await identity.AsAsync(account, cancellationToken);
            // The schedd gives what its note says that the machine has sent: nothing, where output was streamed.
            string[] names = ["-constraint", constraint.Ids(ids), "SpooledOutputFiles", OutputFiles.Both];
            await tools.RunAsync(new ToolCall("condor_qedit", [.. schedd.Arguments, .. names]) { Timeout = options.Tools.Timeout, Environment = environment }, cancellationToken);

            // With a constraint it would pass over jobs that have not ended.
            await tools.RunAsync(new ToolCall("condor_transfer_data", [.. schedd.Arguments, .. ids.Select(id => id.ToString())]) { Timeout = options.Tools.SubmitTimeout, Environment = environment }, cancellationToken);
        }
        catch (ToolException exception)
        {
            LogNotFetched(ids.Count, schedd.Scope, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The output of {Count} jobs could not be fetched from schedd {Schedd}: {Reason}")]
    private partial void LogNotFetched(int count, string schedd, string reason);
}
