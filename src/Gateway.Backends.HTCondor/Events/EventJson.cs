using System.Text;
using System.Text.Json;
using Gateway.Backends.HTCondor.Jobs;

namespace Gateway.Backends.HTCondor.Events;

/// <summary>Reads the JSON form of event logs: objects one after the other, each over several lines, without commas.</summary>
internal static class EventJson
{
    // In what HTCondor prints, only the outermost object's braces stand at the beginning of a line.
    internal static ReadOnlySpan<byte> End => "\n}\n"u8;

    /// <summary>Reads whole events, and says how many bytes of the text they were.</summary>
    public static int Read(ReadOnlySpan<byte> text, ICollection<CondorEvent> events)
    {
        var at = 0;
        while (text[at..].IndexOf(End) is var length and >= 0)
        {
            var one = text.Slice(at, length + 2);
            if (ReadOne(one) is { } found)
            {
                events.Add(found);
            }

            at += length + End.Length;
        }

        return at;
    }

    private static CondorEvent? ReadOne(ReadOnlySpan<byte> text)
    {
        // After damage or a beginning in mid-event, what stands before the last opening line belongs to something else.
        var start = text.StartsWith("{\n"u8) ? 0 : text.LastIndexOf("\n{\n"u8) is var line and >= 0 ? line + 1 : -1;
        if (start < 0)
        {
            return null;
        }

        try
        {
            // A message in another encoding is read as far as it can be.
            using var document = JsonDocument.Parse(Encoding.UTF8.GetString(text[start..]));
            return Make(document.RootElement);
        }
        catch (JsonException)
        {
            // A torn event: the next listing tells what it would have.
            return null;
        }
    }

    private static CondorEvent? Make(JsonElement ad)
    {
        if (Number(ad, "EventTypeNumber") is not { } type || Number(ad, "Cluster") is not { } cluster || Number(ad, "Proc") is not { } proc)
        {
            return null;
        }

        var slot = Text(ad, "SlotName");
        return new CondorEvent(new JobId(cluster, proc), (CondorEventType)type)
        {
            Host = slot?[(slot.LastIndexOf('@') + 1)..],
            Reason = Text(ad, "HoldReason") ?? Text(ad, "Reason") ?? Text(ad, "DisconnectReason") ?? Text(ad, "Message"),
            Code = Number(ad, "HoldReasonCode"),
            SubCode = Number(ad, "HoldReasonSubCode"),
            ExitCode = Number(ad, "ReturnValue"),
            Signal = Number(ad, "TerminatedBySignal"),
        };
    }

    private static int? Number(JsonElement ad, string name) =>
        ad.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private static string? Text(JsonElement ad, string name) =>
        ad.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
