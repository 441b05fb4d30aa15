namespace Gateway.Storage.Sessions;

/// <summary>The shape of many rows that a statement takes as one parameter set; its provider says how.</summary>
internal sealed class RowSet<T>(string name, params Column<T>[] columns)
{
    /// <summary>Prefix of its parameters.</summary>
    public string Name => name;

    public IReadOnlyList<Column<T>> Columns => columns;
}
