namespace Gateway.Storage.Configuration;

/// <summary>The section <c>Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Storage";

    /// <summary>Environment variable for <see cref="EncryptionKeys"/>.</summary>
    public const string EncryptionKeysVariable = "DASK_GATEWAY_ENCRYPT_KEYS";

    /// <summary><c>sqlite</c> or <c>postgres</c>.</summary>
    public string Provider { get; set; } = "sqlite";

    /// <summary>For Postgres: needed, in Npgsql's keywords; several hosts separated by commas are tried for the primary. For SQLite: empty, or <c>Data Source=file</c>.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Folder for the embedded database and its key; relative to the current directory; made with mode 0700.</summary>
    public string DataFolder { get; set; } = "data";

    /// <summary>How long one operation may take in all (waiting for a connection, statements, commit) before it counts as unavailable: 0.5 s to 5 min.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Most connections of this process to Postgres, the listening one included: 2 to 1000.</summary>
    public int MaxPoolSize { get; set; } = 20;

    /// <summary>Whether opening the store brings the schema up to date. False: <c>gateway migrate</c> does.</summary>
    public bool MigrateOnStart { get; set; } = true;

    /// <summary>Secret. Base64 of 32 bytes each, separated by <c>;</c>: the first encrypts, all decrypt. Empty: <see cref="EncryptionKeysVariable"/>.</summary>
    public string EncryptionKeys { get; set; } = "";

    internal StorageProvider Kind => Enum.Parse<StorageProvider>(Provider, ignoreCase: true);

    internal string FullDataFolder => Path.GetFullPath(DataFolder);
}
