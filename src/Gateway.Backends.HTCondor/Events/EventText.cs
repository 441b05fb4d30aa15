using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Gateway.Backends.HTCondor.Jobs;

namespace Gateway.Backends.HTCondor.Events;

/// <summary>Reads the text form of event logs: a headline, lines of detail, and a line of three dots.</summary>
internal static partial class EventText
{
    // Before the reason of an eviction, from HTCondor 25 on.
    private const string Because = "Reason: ";

    internal static ReadOnlySpan<byte> End => "\n...\n"u8;

    /// <summary>Reads whole events, and says how many bytes of the text they were.</summary>
    public static int Read(ReadOnlySpan<byte> text, ICollection<CondorEvent> events)
    {
        var at = 0;
        while (text[at..].IndexOf(End) is var length and >= 0)
        {
            if (ReadOne(Encoding.UTF8.GetString(text.Slice(at, length))) is { } found)
            {
                events.Add(found);
            }

            at += length + End.Length;
        }

        return at;
    }

    private static CondorEvent? ReadOne(string text)
    {
        // After damage or a beginning in mid-event the last headline is the one that belongs to the end.
        var head = Headline().Matches(text).LastOrDefault();
        if (head is null
            || !int.TryParse(head.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !JobId.TryParse(head.Groups[2].ValueSpan, out var id))
        {
            return null;
        }

        var lines = text[(head.Index + head.Length)..].Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var found = new CondorEvent(id, (CondorEventType)number);
        switch (found.Type)
        {
            case CondorEventType.Executing:
                return found with { Host = Slot().Match(text, head.Index) is { Success: true } slot ? slot.Groups[1].Value : null };
            case CondorEventType.Terminated:
                return found with
                {
                    ExitCode = Number(ReturnValue().Match(text, head.Index)),
                    Signal = Number(SignalNumber().Match(text, head.Index)),
                };
            case CondorEventType.Held:
                var codes = Codes().Match(text, head.Index);
                return found with { Reason = lines.FirstOrDefault(), Code = Number(codes), SubCode = codes.Success ? int.Parse(codes.Groups[2].ValueSpan, CultureInfo.InvariantCulture) : null };
            case CondorEventType.Evicted:
                var reason = lines.LastOrDefault(line => !Statistics().IsMatch(line));
                return found with { Reason = reason?.StartsWith(Because, StringComparison.Ordinal) == true ? reason[Because.Length..] : reason };
            default:
                return found with { Reason = lines.FirstOrDefault() };
        }
    }

    private static int? Number(Match match) => match.Success && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"^(\d{3}) \((\d{1,10}\.\d{1,10})\.\d{1,10}\) \d[^\n]*$", RegexOptions.Multiline)]
    private static partial Regex Headline();

    [GeneratedRegex(@"^[ \t]*SlotName: (?:[^@\n]*@)?(\S+)$", RegexOptions.Multiline)]
    private static partial Regex Slot();

    [GeneratedRegex(@"\(return value (-?\d{1,9})\)")]
    private static partial Regex ReturnValue();

    [GeneratedRegex(@"\(signal (\d{1,3})\)")]
    private static partial Regex SignalNumber();

    [GeneratedRegex(@"^[ \t]*Code (\d{1,9}) Subcode (-?\d{1,9})[ \t]*$", RegexOptions.Multiline)]
    private static partial Regex Codes();

    [GeneratedRegex(@"^\(\d\)|^Usr |  -  |^Partitionable|^(Cpus|Disk|GPUs|Memory|TimeExecute|TimeSlotBusy)\b.*:|^\S+ +:")]
    private static partial Regex Statistics();
}
