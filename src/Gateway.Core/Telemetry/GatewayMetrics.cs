using System.Diagnostics.Metrics;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Core.Telemetry;

/// <summary>What Core counts and times. Labels are bounded: phases, actions, outcomes and the names of configured backends.</summary>
internal sealed class GatewayMetrics
{
    private readonly Histogram<double> _reconcile;
    private readonly Counter<long> _phases;
    private readonly Histogram<double> _start;
    private readonly Counter<long> _jobs;
    private readonly Histogram<double> _call;
    private readonly Counter<long> _strays;
    private readonly Gauge<int> _listed;

    public GatewayMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayTelemetry.Name);
        _reconcile = meter.CreateHistogram<double>("gateway.reconcile.duration", "s", "Planning and saving one cluster.");
        _phases = meter.CreateCounter<long>("gateway.cluster.phases", "{cluster}", "Phases that clusters have reached.");
        _start = meter.CreateHistogram<double>("gateway.cluster.start.duration", "s", "From a cluster's creation to its scheduler's first checked report.");
        _jobs = meter.CreateCounter<long>("gateway.jobs", "{job}", "Jobs started, refused, deferred and stopped.");
        _call = meter.CreateHistogram<double>("gateway.backend.call.duration", "s", "Calls of backends.");
        _strays = meter.CreateCounter<long>("gateway.jobs.strays", "{job}", "Jobs that no row knew and that were removed.");
        _listed = meter.CreateGauge<int>("gateway.jobs.listed", "{job}", "Jobs in a backend's latest listing, by state.");
    }

    public void Reconciled(SaveOutcome outcome, TimeSpan took) => _reconcile.Record(took.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome.ToString()));

    public void PhaseReached(Cluster cluster, DateTimeOffset now)
    {
        _phases.Add(1, new KeyValuePair<string, object?>("phase", cluster.Phase.ToString()));
        if (cluster.Phase == ClusterPhase.Running)
        {
            _start.Record((now - cluster.CreatedAt).TotalSeconds);
        }
    }

    public void Jobs(string backend, string action, string outcome, int count) =>
        _jobs.Add(count, new("backend", backend), new("action", action), new KeyValuePair<string, object?>("outcome", outcome));

    public void Call(string backend, string call, bool answered, TimeSpan took) =>
        _call.Record(took.TotalSeconds, new("backend", backend), new("call", call), new KeyValuePair<string, object?>("answered", answered));

    public void Strays(string backend, int count) => _strays.Add(count, new KeyValuePair<string, object?>("backend", backend));

    public void Listed(string backend, IReadOnlyList<JobReport> jobs)
    {
        foreach (var state in Enum.GetValues<JobState>())
        {
            _listed.Record(jobs.Count(j => j.State == state), new("backend", backend), new KeyValuePair<string, object?>("state", state.ToString()));
        }
    }
}
