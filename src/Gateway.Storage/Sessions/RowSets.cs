namespace Gateway.Storage.Sessions;

/// <summary>Row sets of common shapes.</summary>
internal static class RowSets
{
    /// <summary>Names, in one column <c>name</c>.</summary>
    public static RowSet<string> Names { get; } = new("names", new Column<string>("name", ColumnType.Text, n => n));
}
