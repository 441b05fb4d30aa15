namespace Gateway.Storage.Configuration;

/// <summary>Which database.</summary>
public enum StorageProvider
{
    /// <summary>Embedded: one file, one process.</summary>
    Sqlite,

    /// <summary>Shared by any number of replicas.</summary>
    Postgres,
}
