using System.Diagnostics.Metrics;
using Gateway.Core.Telemetry;

namespace Gateway.Storage.Sessions;

/// <summary>What the store counts and times. Operations are a fixed set of names.</summary>
internal sealed class StoreMetrics
{
    private readonly Histogram<double> _operations;
    private readonly Histogram<double> _waits;
    private readonly Counter<long> _statements;
    private readonly Counter<long> _reconnects;

    public StoreMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(GatewayTelemetry.Name);
        _operations = meter.CreateHistogram<double>("gateway.store.operation.duration", "s", "Operations on the store, waits and commit included.");
        _waits = meter.CreateHistogram<double>("gateway.store.wait.duration", "s", "Waiting for a connection (Postgres) or for the turn to write (SQLite).");
        _statements = meter.CreateCounter<long>("gateway.store.statements", "{statement}", "Statements sent to the database.");
        _reconnects = meter.CreateCounter<long>("gateway.store.listener.connects", "{connection}", "Connections made to hear of other replicas' changes.");
    }

    public void Statement() => _statements.Add(1);

    public void Waited(TimeSpan time) => _waits.Record(time.TotalSeconds);

    public void ListenerConnected() => _reconnects.Add(1);

    public void Operation(string name, string outcome, TimeSpan time) =>
        _operations.Record(time.TotalSeconds, new("operation", name), new KeyValuePair<string, object?>("outcome", outcome));
}
