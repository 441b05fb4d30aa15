using System.Diagnostics.Metrics;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

internal sealed class UnreadMeters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose() => _meters.ForEach(m => m.Dispose());
}
