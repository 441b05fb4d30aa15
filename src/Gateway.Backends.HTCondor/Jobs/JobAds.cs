using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>Reads what <c>condor_q -json</c> and <c>condor_history -json</c> print: an array, or nothing at all where no job matches.</summary>
internal static class JobAds
{
    /// <summary>The jobs of the gateway in it; an ad without the gateway's attributes, or with impossible ones, is left out.</summary>
    /// <exception cref="JsonException">It is not that, or not all of it.</exception>
    public static IReadOnlyList<JobAd> Read(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            // A path or a message in another encoding, in one ad, must not hide all others.
            json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json));
        }

        var ads = new List<JobAd>();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { AllowTrailingCommas = true });
        if (IsBlank(json))
        {
            return ads;
        }

        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("a list of ads was expected");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("an ad was expected");
            }

            if (ReadAd(ref reader) is { } ad)
            {
                ads.Add(ad);
            }
        }

        return reader.TokenType == JsonTokenType.EndArray ? ads : throw new JsonException("the list of ads has no end");
    }

    private static bool IsBlank(ReadOnlySpan<byte> json) => json.TrimStart(" \t\r\n"u8).IsEmpty;

    private static JobAd? ReadAd(ref Utf8JsonReader reader)
    {
        var numbers = new Dictionary<string, long>(StringComparer.OrdinalIgnoreCase);
        var texts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    texts[name] = reader.GetString()!;
                    break;
                case JsonTokenType.Number:
                    if (reader.TryGetInt64(out var whole))
                    {
                        numbers[name] = whole;
                    }
                    else if (reader.TryGetDouble(out var real) && Math.Abs(real) < 1e15)
                    {
                        numbers[name] = (long)real;
                    }

                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    numbers[name] = reader.TokenType == JsonTokenType.True ? 1 : 0;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return Make(numbers, texts);
    }

    private static JobAd? Make(Dictionary<string, long> numbers, Dictionary<string, string> texts)
    {
        if (Number("ClusterId") is not { } cluster || Number("ProcId") is not { } proc || Number("JobStatus") is not { } status
            || !texts.TryGetValue(JobAttributes.Job, out var name) || !texts.TryGetValue(JobAttributes.Cluster, out var daskCluster)
            || !texts.TryGetValue(JobAttributes.Kind, out var kindText) || !Enum.TryParse<JobKind>(kindText, out var kind))
        {
            return null;
        }

        return new JobAd
        {
            Id = new JobId(cluster, proc),
            Name = name,
            Cluster = daskCluster,
            Kind = kind,
            Account = Text(JobAttributes.Account) ?? "",
            Status = status,
            Priority = Number("JobPrio") ?? 0,
            Submitted = Long("QDate"),
            Entered = Long("EnteredCurrentStatus"),
            RemoteHost = Text("RemoteHost"),
            LastRemoteHost = Text("LastRemoteHost"),
            StartdAddress = Text("StartdIpAddr"),
            Starts = Number("NumJobStarts") ?? 0,
            HoldReason = Text("HoldReason"),
            HoldCode = Number("HoldReasonCode"),
            HoldSubCode = Number("HoldReasonSubCode"),
            Rejected = Text("LastRejMatchReason"),
            ExitCode = Number("ExitCode"),
            ExitBySignal = Number("ExitBySignal") == 1,
            ExitSignal = Number("ExitSignal"),
            RemoveReason = Text("RemoveReason"),
            VacateReason = Text("VacateReason"),
            VacateCode = Number("VacateReasonCode"),
            Executing = Long("JobCurrentStartExecutingDate"),
            RequestMemory = Long("RequestMemory"),
            RequestCpus = Long("RequestCpus"),
            StreamsOutput = Number("StreamOut") == 1,
        };

        int? Number(string key) => numbers.TryGetValue(key, out var value) && value is >= int.MinValue and <= int.MaxValue ? (int)value : null;
        long? Long(string key) => numbers.TryGetValue(key, out var value) ? value : null;
        string? Text(string key) => texts.TryGetValue(key, out var value) && value.Length > 0 ? value : null;
    }
}
