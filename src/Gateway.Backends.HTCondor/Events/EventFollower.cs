using System.Globalization;
using System.Runtime.CompilerServices;
using Gateway.Backends.HTCondor.Files;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Events;

/// <summary>Hears of jobs' changes from event logs: the schedd's, or the gateway's own, a new one each day.</summary>
internal sealed class EventFollower
{
    private const string Prefix = "events-";

    private readonly HTCondorOptions _options;
    private readonly TimeProvider _time;
    private readonly CondorTools _tools;
    private readonly KnownJobs _known;
    private readonly string? _folder;

    public EventFollower(HTCondorOptions options, PrivateFiles files, CondorTools tools, KnownJobs known, TimeProvider time)
    {
        _options = options;
        _time = time;
        _tools = tools;
        _known = known;
        // Jobs of other accounts, and schedds elsewhere, could not write into the gateway's own log.
        var isOwn = options.EventLog.Enabled && options.EventLog.Path.Length == 0 && options.Identity.Mode == IdentityMode.Service
            && options.Files.Mode == Options.FileMode.Folder && options.Schedds.All(schedd => schedd.Name.Length == 0);
        _folder = isOwn ? files.Folder("events") : null;
    }

    /// <summary>False: there is no log to follow, listings alone tell.</summary>
    public bool IsActive => _options.EventLog.Enabled && (_folder is not null || _options.EventLog.Path.Length > 0);

    /// <summary>The log that jobs submitted now are to write to; null: none.</summary>
    public string? Log() => _folder is null ? null : _tools.Inside(Path.Combine(_folder, $"{Prefix}{_time.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture)}.log"));

    /// <summary>Reports of changes as they are logged, until the token ends it.</summary>
    public async IAsyncEnumerable<IReadOnlyList<JobReport>> WatchAsync(string scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var tails = new Dictionary<string, LogTail>();
        using var timer = new PeriodicTimer(_options.EventLog.PollPeriod, _time);
        var first = true;
        try
        {
            do
            {
                var reports = new Dictionary<string, JobReport>();
                foreach (var path in Paths())
                {
                    if (!tails.TryGetValue(path, out var tail))
                    {
                        // A log that comes to be while we watch is new from its first byte on.
                        tails[path] = tail = new LogTail(path, fromStart: !first);
                    }

                    foreach (var ad in tail.Read().Select(_known.Apply).OfType<JobAd>())
                    {
                        reports[ad.Name] = JobExplainer.Report(ad, scope);
                    }
                }

                first = false;
                if (reports.Count > 0)
                {
                    yield return [.. reports.Values];
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        finally
        {
            foreach (var tail in tails.Values)
            {
                tail.Dispose();
            }
        }
    }

    /// <summary>Removes own logs that nobody has written to for the time of retention.</summary>
    public void Sweep()
    {
        if (_folder is null)
        {
            return;
        }

        var before = (_time.GetUtcNow() - _options.EventLog.Retention).UtcDateTime;
        foreach (var file in new DirectoryInfo(_folder).EnumerateFiles($"{Prefix}*.log").Where(file => file.LastWriteTimeUtc < before))
        {
            file.Delete();
        }
    }

    private IReadOnlyList<string> Paths()
    {
        if (_folder is null)
        {
            return [_options.EventLog.Path];
        }

        return Directory.Exists(_folder) ? [.. Directory.EnumerateFiles(_folder, $"{Prefix}*.log").Order(StringComparer.Ordinal)] : [];
    }
}
