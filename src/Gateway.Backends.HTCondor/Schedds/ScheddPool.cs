using System.Globalization;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Tools;

namespace Gateway.Backends.HTCondor.Schedds;

/// <summary>The schedds of a backend, and which of them is to take new jobs.</summary>
internal sealed class ScheddPool(HTCondorOptions options, CondorTools tools, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LoadPeriod = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _loading = new(1);
    private long? _loaded;

    public IReadOnlyList<Schedd> All { get; } = options.Schedds.Count == 0 ? [new Schedd(new ScheddOptions())] : [.. options.Schedds.Select(schedd => new Schedd(schedd))];

    public Schedd? Find(string scope) => All.FirstOrDefault(schedd => schedd.Scope == scope);

    /// <summary>The schedds in the order in which they should take new jobs: well ones, not busy ones, those with fewest jobs of ours waiting.</summary>
    public async Task<IReadOnlyList<Schedd>> PreferredAsync(CancellationToken cancellationToken)
    {
        if (All.Count == 1)
        {
            return All;
        }

        await LoadAsync(cancellationToken);
        var now = time.GetUtcNow();
        return [.. All.OrderBy(schedd => schedd.AvoidUntil > now).ThenBy(schedd => schedd.DutyCycle >= options.Queue.BusyDutyCycle).ThenBy(schedd => schedd.Idle)];
    }

    /// <summary>Notes what came of a call.</summary>
    public void Note(Schedd schedd, ToolException? failure)
    {
        if (failure is null)
        {
            schedd.Answered();
        }
        else if (failure.Fault is ToolFault.NotReached or ToolFault.Unreachable or ToolFault.TimedOut)
        {
            schedd.Failed(time.GetUtcNow() + options.Queue.AvoidFor);
        }
    }

    public void Dispose() => _loading.Dispose();

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (_loaded is { } loaded && time.GetElapsedTime(loaded) < LoadPeriod)
            {
                return;
            }

            _loaded = time.GetTimestamp();
            foreach (var pool in All.GroupBy(schedd => schedd.Pool))
            {
                await LoadAsync(pool.Key, [.. pool], cancellationToken);
            }
        }
        finally
        {
            _loading.Release();
        }
    }

    private async Task LoadAsync(string pool, IReadOnlyList<Schedd> schedds, CancellationToken cancellationToken)
    {
        IEnumerable<string> where = pool.Length > 0 ? ["-pool", pool] : [];
        try
        {
            var result = await tools.RunAsync(new ToolCall("condor_status", [.. where, "-schedd", "-af", "Name", "RecentDaemonCoreDutyCycle"]) { Timeout = options.Tools.Timeout }, cancellationToken);
            foreach (var line in result.Text.Split('\n'))
            {
                var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length == 2 && double.TryParse(words[1], CultureInfo.InvariantCulture, out var duty)
                    && schedds.FirstOrDefault(schedd => schedd.Name == words[0]) is { } schedd)
                {
                    schedd.DutyCycle = duty;
                }
            }
        }
        catch (ToolException)
        {
            // Logged where tools are run. Without a collector the choice rests on what is known.
            return;
        }
    }
}
