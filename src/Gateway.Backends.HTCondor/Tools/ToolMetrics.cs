using System.Diagnostics.Metrics;

namespace Gateway.Backends.HTCondor.Tools;

/// <summary>How often HTCondor's tools are called, how long they take, and what comes of it.</summary>
internal sealed class ToolMetrics
{
    private readonly string _backend;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _jobs;

    public ToolMetrics(IMeterFactory meters, string backend)
    {
        _backend = backend;
        var meter = meters.Create("Gateway");
        _duration = meter.CreateHistogram<double>("gateway.htcondor.tool.duration", "s", "Time that calls of HTCondor's tools take, by tool and outcome.");
        _jobs = meter.CreateCounter<long>("gateway.htcondor.jobs.submitted", "{job}", "Jobs that HTCondor has taken on.");
    }

    public void Called(string tool, string outcome, TimeSpan took) =>
        _duration.Record(took.TotalSeconds, new("backend", _backend), new("tool", tool), new("outcome", outcome));

    public void Submitted(int jobs) => _jobs.Add(jobs, new KeyValuePair<string, object?>("backend", _backend));
}
