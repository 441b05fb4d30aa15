using System.Net;
using System.Text;
using System.Threading.Channels;
using Gateway.EndToEnd.Tests.Processes;
using Gateway.Testing;

namespace Gateway.EndToEnd.Tests;

/// <summary>What a collector of OpenTelemetry gets.</summary>
public sealed class TelemetryTests : IAsyncDisposable
{
    private readonly string _address = $"http://127.0.0.1:{Ports.Take()}";
    private readonly HttpListener _collector = new();
    private readonly Channel<(string Path, string Body)> _received = Channel.CreateUnbounded<(string, string)>();
    private readonly Task _collecting;

    public TelemetryTests()
    {
        _collector.Prefixes.Add($"{_address}/");
        _collector.Start();
        _collecting = CollectAsync();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _collector.Close();
        await _collecting;
    }

    [Theory]
    [InlineData("Telemetry:OtlpEndpoint")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT")]
    public async Task Collector_OverHttp_GetsTracesAndMetricsEachAtItsPath(string key)
    {
        await using var gateway = await GatewayProcess.StartAsync(
            new() { [key] = _address, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf", ["OTEL_METRIC_EXPORT_INTERVAL"] = "200", ["OTEL_BSP_SCHEDULE_DELAY"] = "200" }, Token);

        // Names stand in protobuf as they are.
        var missing = new HashSet<(string Path, string Name)> { ("/v1/traces", "store "), ("/v1/traces", "dask-gateway"), ("/v1/metrics", "gateway.jobs"), ("/v1/metrics", "http.server.request.duration") };
        while (missing.Count > 0)
        {
            var (path, body) = await _received.Reader.ReadAsync(Token);
            Assert.Contains(path, (string[])["/v1/traces", "/v1/metrics"]);
            missing.RemoveWhere(m => m.Path == path && body.Contains(m.Name, StringComparison.Ordinal));
        }
    }

    private async Task CollectAsync()
    {
        while (true)
        {
            HttpListenerContext request;
            try
            {
                request = await _collector.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The test is over.
                return;
            }

            using var reader = new StreamReader(request.Request.InputStream, Encoding.Latin1);
            _received.Writer.TryWrite((request.Request.Url!.AbsolutePath, await reader.ReadToEndAsync(CancellationToken.None)));
            request.Response.Close();
        }
    }
}
