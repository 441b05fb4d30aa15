namespace Gateway.Storage.Schema;

/// <summary>Something that one replica does for all.</summary>
internal sealed class DutyRow
{
    public required string Name { get; set; }

    public required string Owner { get; set; }

    public DateTimeOffset Until { get; set; }
}
