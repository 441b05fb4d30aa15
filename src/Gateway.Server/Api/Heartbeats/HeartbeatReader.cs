using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Core.Options;
using Gateway.Server.Api.Json;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>
/// Reads a heartbeat off its bytes: of all requests this is the most frequent, and nothing but the result is allocated; of that nothing
/// which the scheduler has said before.
/// </summary>
internal ref struct HeartbeatReader
{
    private const int LongestName = 1024;
    private const int LongestIncarnation = 128;
    private const int UsualNames = 64;

    private readonly Heartbeat? _earlier;
    private Utf8JsonReader _json;
    private string? _scheduler;
    private string? _dashboard;
    private string? _api;
    private int? _count;
    private IReadOnlyList<string>? _active;
    private IReadOnlyList<string>? _closing;
    private IReadOnlyList<string>? _closed;
    private string? _incarnation;
    private long? _sequence;
    private double? _idle;

    private HeartbeatReader(ReadOnlySpan<byte> body, Heartbeat? earlier)
    {
        _json = new(body);
        _earlier = earlier;
    }

    /// <summary>Reads a heartbeat.</summary>
    /// <param name="body">Its bytes.</param>
    /// <param name="earlier">An earlier one of the same scheduler: texts that are the same are taken from it. They have been checked.</param>
    /// <exception cref="PublicException">422: says which member is wrong and what is allowed.</exception>
    public static Heartbeat Read(ReadOnlySpan<byte> body, Heartbeat? earlier = null)
    {
        var reader = new HeartbeatReader(body, earlier);
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
            _active = ReadNames("active_workers", _earlier?.Active);
        }
        else if (_json.ValueTextEquals("closing_workers"u8))
        {
            _closing = ReadNames("closing_workers", _earlier?.Closing);
        }
        else if (_json.ValueTextEquals("closed_workers"u8))
        {
            _closed = ReadNames("closed_workers", _earlier?.Closed);
        }
        else if (_json.ValueTextEquals("count"u8))
        {
            _json.Read();
            _count = _json.TokenType == JsonTokenType.Number && _json.TryGetInt32(out var count) && count >= 0 ? count : throw Wrong("count", $"a whole number from 0 to {int.MaxValue}");
        }
        else if (_json.ValueTextEquals("scheduler_address"u8))
        {
            _scheduler = ReadAddress("scheduler_address", "tls", _earlier?.SchedulerAddress);
        }
        else if (_json.ValueTextEquals("dashboard_address"u8))
        {
            _dashboard = ReadAddress("dashboard_address", "http", _earlier?.DashboardAddress, mayBeEmpty: true);
        }
        else if (_json.ValueTextEquals("api_address"u8))
        {
            _api = ReadAddress("api_address", "http", _earlier?.ApiAddress);
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
                JsonTokenType.String when _json.ValueSpan.Length <= LongestIncarnation => Is(_earlier?.Incarnation) ? _earlier!.Incarnation : _json.GetString(),
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

    private IReadOnlyList<string> ReadNames(string member, IReadOnlyList<string>? earlier)
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            throw Wrong(member, "a list of names");
        }

        earlier ??= [];
        List<string>? names = null;
        var same = 0;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType is not (JsonTokenType.String or JsonTokenType.Number) || _json.ValueSpan.Length > LongestName)
            {
                throw Wrong(member, $"a list of names: strings of at most {LongestName} bytes or numbers");
            }

            if (names is null && same < earlier.Count && Is(earlier[same]))
            {
                same++;
                continue;
            }

            names ??= First(earlier, same);
            names.Add(ReadName());
        }

        return names ?? (same == earlier.Count ? earlier : First(earlier, same));
    }

    private static List<string> First(IReadOnlyList<string> earlier, int count)
    {
        var names = new List<string>(Math.Max(UsualNames, 2 * count));
        names.AddRange(earlier.Take(count));
        return names;
    }

    // Whether the value is a text that is known.
    private readonly bool Is(string? text) =>
        text is not null && _json.TokenType == JsonTokenType.String && !_json.ValueIsEscaped && Ascii.Equals(_json.ValueSpan, text);

    // Only an escape can bring control characters into a JSON string.
    private readonly string ReadName() => _json.ValueIsEscaped ? Printable(_json.GetString()!)
        : _json.TokenType == JsonTokenType.String ? _json.GetString()!
        : Encoding.ASCII.GetString(_json.ValueSpan);

    private string ReadAddress(string member, string scheme, string? earlier, bool mayBeEmpty = false)
    {
        _json.Read();
        if (Is(earlier))
        {
            return earlier!;
        }

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
