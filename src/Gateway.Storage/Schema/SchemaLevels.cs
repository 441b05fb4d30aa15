namespace Gateway.Storage.Schema;

/// <summary>Which programs can serve which schemas. Both numbers are written by the migrations, because the model seeds them.</summary>
internal static class SchemaLevels
{
    /// <summary>Grows with each migration.</summary>
    public const int Current = 2;

    /// <summary>Follows <see cref="Current"/> only with a migration that programs of the level before cannot live with; those come one version after the last program that needed the old shape.</summary>
    public const int Compatible = 1;
}
