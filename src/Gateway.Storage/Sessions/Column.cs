namespace Gateway.Storage.Sessions;


/// <summary>One column of many rows that are handed to a statement at once.</summary>
internal sealed record Column<T>(string Name, ColumnType Type, Func<T, object?> Read);
