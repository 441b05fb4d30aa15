using System.Diagnostics.Metrics;
using Gateway.Proxy.Relay;

namespace Gateway.Proxy.Telemetry;

/// <summary>The relay's instruments. Counters are the loops' own, read when somebody asks; nothing is recorded per packet.</summary>
internal sealed class ProxyMetrics
{
    /// <summary>The product's one meter.</summary>
    public const string MeterName = "Gateway";

    private static readonly string[] RefusalNames = NamesOf<Refusal>();
    private static readonly string[] FailureNames = NamesOf<Failure>();

    private readonly Histogram<double> _connectTime;
    private IRelay? _relay;

    public ProxyMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableUpDownCounter("gateway.relay.connections.open", () => Sum(c => c.Open), "{connection}", "Relayed connections that are open.");
        meter.CreateObservableCounter("gateway.relay.connections.accepted", () => Sum(c => c.Accepted), "{connection}", "Connections accepted, web and schedulers'.");
        meter.CreateObservableCounter(
            "gateway.relay.connections.refused", () => ByReason(RefusalNames, (c, i) => c.Refused((Refusal)i)), "{connection}", "Connections closed instead of relayed, by reason.");
        meter.CreateObservableCounter(
            "gateway.relay.errors", () => ByReason(FailureNames, (c, i) => c.Failed((Failure)i)), "{connection}", "Relayed connections cut before both ends had finished, by reason.");
        meter.CreateObservableCounter("gateway.relay.bytes", Bytes, "By", "Bytes relayed, by direction: up is towards the scheduler.");
        _connectTime = meter.CreateHistogram<double>("gateway.relay.connect.duration", "s", "Time a scheduler took to accept a connection.");
    }

    public bool IsConnectTimeWanted => _connectTime.Enabled;

    public void Observe(IRelay relay) => _relay = relay;

    public void RecordConnectTime(TimeSpan elapsed) => _connectTime.Record(elapsed.TotalSeconds);

    private static string[] NamesOf<T>()
        where T : struct, Enum =>
        [.. Enum.GetNames<T>().Select(name => string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}")))];

    private long Sum(Func<RelayCounters, long> value) => _relay?.Counters.Sum(value) ?? 0;

    private IEnumerable<Measurement<long>> Bytes() =>
        [new(Sum(c => c.BytesUp), new KeyValuePair<string, object?>("direction", "up")), new(Sum(c => c.BytesDown), new KeyValuePair<string, object?>("direction", "down"))];

    private IEnumerable<Measurement<long>> ByReason(string[] names, Func<RelayCounters, int, long> value) =>
        names.Select((name, i) => new Measurement<long>(Sum(c => value(c, i)), new KeyValuePair<string, object?>("reason", name)));
}
