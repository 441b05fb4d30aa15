namespace Gateway.Storage.Sessions;

/// <summary>What a column of a <see cref="RowSet{T}"/> holds; all may be null.</summary>
internal enum ColumnType
{
    Text,
    Whole,
    Real,
    Truth,
    Id,
}
