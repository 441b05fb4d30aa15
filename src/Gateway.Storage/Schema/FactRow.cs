namespace Gateway.Storage.Schema;

/// <summary>A fact about the database as a whole.</summary>
internal sealed class FactRow
{
    /// <summary>This gateway's random identity, made once.</summary>
    public const string Identity = "identity";

    /// <summary>The level the schema is at: see <see cref="SchemaLevels"/>.</summary>
    public const string Level = "schema_level";

    /// <summary>The lowest level a program must be made for to serve this schema.</summary>
    public const string CompatibleLevel = "schema_compatible_level";

    public required string Name { get; set; }

    public required string Value { get; set; }
}
