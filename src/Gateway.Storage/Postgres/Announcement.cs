using System.Text;
using Gateway.Core.Store;

namespace Gateway.Storage.Postgres;

/// <summary>Changes as the payload of a notification: the sender, then a letter and a key per line.</summary>
internal static class Announcement
{
    public const string Channel = "gateway_changes";

    // A payload has room for 7999 bytes.
    private const int MaxBytes = 7000;

    private static readonly (char Letter, ChangeKind Kind)[] Letters =
        [('d', ChangeKind.Due), ('p', ChangeKind.Phase), ('o', ChangeKind.Outbox), ('r', ChangeKind.Reset)];

    public static string Encode(string sender, IReadOnlyCollection<Change> changes)
    {
        string whole = Lines(sender, changes);
        return Encoding.UTF8.GetByteCount(whole) <= MaxBytes
            ? whole
            : Lines(sender, [.. changes.Select(c => c with { Key = "" }).Distinct()]);
    }

    /// <summary>Lines of kinds that this version does not know are skipped.</summary>
    public static (string Sender, IReadOnlyList<Change> Changes) Decode(string payload)
    {
        string[] lines = payload.Split('\n');
        var changes = new List<Change>();
        foreach (string line in lines.Skip(1).Where(l => l.Length > 0))
        {
            foreach (var (letter, kind) in Letters)
            {
                if (line[0] == letter)
                {
                    changes.Add(new Change(kind, line[1..]));
                }
            }
        }

        return (lines[0], changes);
    }

    private static string Lines(string sender, IReadOnlyCollection<Change> changes)
    {
        var text = new StringBuilder(sender);
        foreach (var change in changes)
        {
            text.Append('\n').Append(Letters.First(l => l.Kind == change.Kind).Letter).Append(change.Key);
        }

        return text.ToString();
    }
}
