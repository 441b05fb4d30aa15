using System.Threading.Channels;
using Gateway.Backends.Local.Processes;

namespace Gateway.Backends.Local.Jobs;

internal sealed partial class JobTable
{
    private static readonly TimeSpan LeftoverPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LeftoverPollLongest = TimeSpan.FromSeconds(1);
    private readonly Channel<LocalJob> _leaderless = Channel.CreateUnbounded<LocalJob>(new UnboundedChannelOptions { SingleReader = true });

    private void Settle(LocalJob job) => _leaderless.Writer.TryWrite(job);

    /// <summary>Turns jobs without a supervisor into ended ones, once nothing else of them is left.</summary>
    private async Task SettleAsync()
    {
        while (await _leaderless.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var batch = new HashSet<LocalJob>();
            while (_leaderless.Reader.TryRead(out var job))
            {
                batch.Add(job);
            }

            batch.RemoveWhere(job => job.End is not null);
            try
            {
                Settle(batch);
            }
            catch (Exception e)
            {
                // The tick finds them again: they are neither watched nor ended.
                LogSettlingFailed(e);
                foreach (var job in batch)
                {
                    job.IsWatched = false;
                }
            }
        }
    }

    private void Settle(IReadOnlyCollection<LocalJob> batch)
    {
        // One look at the machine for all that have ended meanwhile.
        var leftovers = Leftovers(batch);
        var ended = new List<LocalJob>();
        foreach (var job in batch)
        {
            Reap(job);
            if (leftovers[job].Count == 0)
            {
                Finish(job, ended);
            }
            else if (job.BeginSweep())
            {
                LogLeftovers(job.Record.Name, leftovers[job].Count);
                _ = SweepAsync(job, leftovers[job]);
            }
        }

        Announce(ended);
    }

    private void Finish(LocalJob job, List<LocalJob> ended)
    {
        var end = JobEnd.Of(job.Directory.ReadExit() ?? job.Reaped, stopped: job.IsStopping || job.Directory.ReadStop() is not null);
        job.Finish(end, _time.GetUtcNow());
        LogEnded(job.Record.Name, end.Reason);
        ended.Add(job);
    }

    private void Announce(List<LocalJob> ended)
    {
        if (ended.Count > 0)
        {
            Ended?.Invoke(ended);
        }
    }

    /// <summary>Ends what a job has left behind: SIGTERM, and after its wait SIGKILL until nothing is left.</summary>
    private async Task SweepAsync(LocalJob job, List<ProcessStat> left)
    {
        var began = _time.GetTimestamp();
        var poll = LeftoverPoll;
        var told = false;
        try
        {
            while (left.Count > 0)
            {
                var kill = _time.GetElapsedTime(began) >= _options.TerminateWait;
                if (kill || !told)
                {
                    foreach (var process in left)
                    {
                        _ = LibC.Kill(process.Pid, kill ? LibC.SIGKILL : LibC.SIGTERM);
                    }

                    told = true;
                }

                await Task.Delay(poll, _time, _stop.Token);
                poll = poll < LeftoverPollLongest ? poll * 2 : LeftoverPollLongest;
                Reap(job);
                left = Leftovers([job])[job];
            }

            var ended = new List<LocalJob>();
            Finish(job, ended);
            Announce(ended);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The next gateway finds them by their marker.
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogSettlingFailed(e);
            job.IsWatched = false;
            job.EndSweep();
        }
    }

    /// <summary>The processes that are left of jobs whose supervisor is gone.</summary>
    /// <remarks>
    /// A session's number may belong to strangers by now when we have not seen its leader alive; the marker cannot.
    /// Nothing older than the supervisor is looked at.
    /// </remarks>
    private Dictionary<LocalJob, List<ProcessStat>> Leftovers(IReadOnlyCollection<LocalJob> jobs)
    {
        var left = jobs.ToDictionary(job => job, _ => new List<ProcessStat>());
        if (jobs.Count == 0)
        {
            return left;
        }

        var oldest = jobs.Min(job => job.Leader!.Start);
        var byHandle = new Dictionary<string, LocalJob>(StringComparer.Ordinal);
        var bySession = new Dictionary<int, LocalJob>();
        foreach (var job in jobs)
        {
            byHandle[job.Record.Handle] = job;
            if (job.WasSeenAlive)
            {
                bySession[job.Leader!.Pid] = job;
            }
        }

        // Whoever is in the session of a job that goes on belongs to that one: its marker need not be read.
        var others = _jobs.Values.Where(job => job is { End: null, IsWatched: true, Leader: not null } && !left.ContainsKey(job)).Select(job => job.Leader!.Pid).ToHashSet();
        foreach (var process in ProcessTable.Read())
        {
            if (process.Start < oldest || others.Contains(process.Session))
            {
                continue;
            }

            var job = bySession.GetValueOrDefault(process.Session);
            if (job is null && ProcessTable.MarkerOf(process.Pid) is { } marker)
            {
                job = byHandle.GetValueOrDefault(marker);
            }

            if (job is not null && process.Start >= job.Leader!.Start && process.Pid != job.Leader.Pid)
            {
                left[job].Add(process);
            }
        }

        return left;
    }

    private static void Reap(LocalJob job)
    {
        if (!job.IsChild)
        {
            return;
        }

        var leader = job.Leader!.Pid;
        if (job.Reaped is null && LibC.WaitPid(leader, out var status, LibC.WNOHANG) == leader)
        {
            var signal = status & 0x7f;
            job.Reaped = signal == 0 ? (status >> 8) & 0xff : 128 + signal;
        }

        // The first process of a container inherits the group's orphans.
        while (Environment.ProcessId == 1 && LibC.WaitPid(-leader, out _, LibC.WNOHANG) > 0)
        {
        }
    }
}
