using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Core.Options;
using Gateway.Server.Api.Json;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>Reads a heartbeat off its bytes: of all requests this is the most frequent, and nothing but the result is allocated.</summary>
internal ref struct HeartbeatReader
{
    private const int LongestName = 1024;
    private const int LongestIncarnation = 128;
    private const int UsualNames = 64;

    private Utf8JsonReader _json;
    private string? _scheduler;
    private string? _dashboard;
    private string? _api;
    private int? _count;
    private List<string>? _active;
    private List<string>? _closing;
    private List<string>? _closed;
    private string? _incarnation;
    private long? _sequence;
    private double? _idle;

    private HeartbeatReader(ReadOnlySpan<byte> body) => _json = new(body);

    /// <summary>Reads a heartbeat.</summary>
    /// <exception cref="PublicException">422: says which member is wrong and what is allowed.</exception>
    public static Heartbeat Read(ReadOnlySpan<byte> body)
    {
        var reader = new HeartbeatReader(body);
        try
        {
            return reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is no Unicode.
            throw RequestBody.NotJson(e);
        }
    }

    private Heartbeat Read()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            throw new PublicException(422, "The body must be a JSON object.");
        }

        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            ReadMember();
        }

        // What follows the object is an error too, which only another step of the reader finds.
        while (_json.Read())
        {
        }

        return new()
        {
            SchedulerAddress = _scheduler ?? throw Missing("scheduler_address"),
            DashboardAddress = _dashboard ?? "",
            ApiAddress = _api ?? throw Missing("api_address"),
            Count = _count ?? throw Missing("count"),
            Active = _active ?? throw Missing("active_workers"),
            Closing = _closing ?? throw Missing("closing_workers"),
            Closed = _closed ?? throw Missing("closed_workers"),
            Incarnation = _incarnation,
            Sequence = _sequence,
            IdleSeconds = _idle,
        };
    }

    private void ReadMember()
    {
        if (_json.ValueTextEquals("active_workers"u8))
        {
            _active = ReadNames("active_workers");
        }
        else if (_json.ValueTextEquals("closing_workers"u8))
        {
            _closing = ReadNames("closing_workers");
        }
        else if (_json.ValueTextEquals("closed_workers"u8))
        {
            _closed = ReadNames("closed_workers");
        }
        else if (_json.ValueTextEquals("count"u8))
        {
            _json.Read();
            _count = _json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out var count) && count >= 0 ? count : throw Wrong("count", $"a whole number from 0 to {int.MaxValue}");
        }
        else if (_json.ValueTextEquals("scheduler_address"u8))
        {
            _scheduler = ReadAddress("scheduler_address", "tls");
        }
        else if (_json.ValueTextEquals("dashboard_address"u8))
        {
            _dashboard = ReadAddress("dashboard_address", "http", mayBeEmpty: true);
        }
        else if (_json.ValueTextEquals("api_address"u8))
        {
            _api = ReadAddress("api_address", "http");
        }
        else
        {
            ReadPluginMember();
        }
    }

    // What our own scheduler plugin adds, and whatever else there may be.
    private void ReadPluginMember()
    {
        if (_json.ValueTextEquals("incarnation"u8))
        {
            _json.Read();
            _incarnation = _json.TokenType switch
            {
                JsonTokenType.Null => null,
                JsonTokenType.String when _json.ValueSpan.Length <= LongestIncarnation => _json.GetString(),
                _ => throw Wrong("incarnation", $"a string of at most {LongestIncarnation} bytes"),
            };
        }
        else if (_json.ValueTextEquals("sequence"u8))
        {
            _json.Read();
            _sequence = _json.TokenType == JsonTokenType.Null ? null
                : _json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out var sequence) ? sequence
                : throw Wrong("sequence", "a whole number");
        }
        else if (_json.ValueTextEquals("idle_since"u8))
        {
            _json.Read();
            _idle = _json.TokenType == JsonTokenType.Null ? null
                : _json.TokenType == JsonTokenType.Number && _json.TryGetDouble(out var idle) && idle >= 0 && double.IsFinite(idle) ? idle
                : throw Wrong("idle_since", "a number of seconds, 0 or more, or null");
        }
        else
        {
            _json.Read();
            _json.Skip();
        }
    }

    private List<string> ReadNames(string member)
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Wrong(member, "a list of names");
        }

        List<string>? names = null;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType is not (JsonTokenType.String or JsonTokenType.Number) || _json.ValueSpan.Length > LongestName)
            {
                throw Wrong(member, $"a list of names: strings of at most {LongestName} bytes or numbers");
            }

            names ??= new(UsualNames);
            names.Add(ReadName());
        }

        return names ?? [];
    }

    // Only an escape can bring control characters into a JSON string.
    private readonly string ReadName() => _json.ValueIsEscaped ? Printable(_json.GetString()!)
        : _json.TokenType == JsonTokenType.String ? _json.GetString()!
        : Encoding.ASCII.GetString(_json.ValueSpan);

    private string ReadAddress(string member, string scheme, bool mayBeEmpty = false)
    {
        _json.Read();
        if (mayBeEmpty && (_json.TokenType == JsonTokenType.Null || (_json.TokenType == JsonTokenType.String && _json.ValueSpan.IsEmpty)))
        {
            return "";
        }

        return _json.TokenType == JsonTokenType.String && _json.ValueSpan.Length <= SchedulerAddress.Longest && _json.GetString()! is var address && SchedulerAddress.IsValid(address, scheme)
            ? address
            : throw Wrong(member, $"an address such as {scheme}://10.0.0.7:8786{(mayBeEmpty ? ", or empty" : "")}");
    }

    // A name of somebody's own that holds control characters counts like any other; only the characters do not travel on.
    private static string Printable(string name) => !name.Any(char.IsControl)
        ? name
        : string.Create(name.Length, name, static (result, text) =>
        {
            for (var i = 0; i < result.Length; i++)
            {
                result[i] = char.IsControl(text[i]) ? '\uFFFD' : text[i];
            }
        });

    private static PublicException Missing(string member) => new(422, $"{member} is missing.");

    private readonly PublicException Wrong(string member, string allowed) => new(422, string.Create(
        CultureInfo.InvariantCulture,
        $"{member} must be {allowed}, got {_json.TokenType switch
        {
            JsonTokenType.StartArray => "a list",
            JsonTokenType.StartObject => "an object",
            JsonTokenType.String => $"\"{JsonText.Show(Encoding.UTF8.GetString(_json.ValueSpan[..Math.Min(_json.ValueSpan.Length, LongestName)]))}\"",
            _ => JsonText.Show(Encoding.UTF8.GetString(_json.ValueSpan[..Math.Min(_json.ValueSpan.Length, LongestName)])),
        }}."));
}
