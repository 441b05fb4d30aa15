using System.Runtime.CompilerServices;
using Gateway.Storage.Encryption;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Gateway.Storage.Configuration;

/// <summary>Everything that is wrong with the section, each with its key, the value (unless secret) and what is allowed.</summary>
internal sealed class StorageOptionsValidator : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        var failures = Failures(options).ToList();
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Failures(StorageOptions options)
    {
        bool known = !int.TryParse(options.Provider, out _) && Enum.TryParse<StorageProvider>(options.Provider, ignoreCase: true, out _);
        if (!known)
        {
            yield return $"{Key(nameof(options.Provider))} is '{options.Provider}'; allowed are sqlite and postgres.";
        }
        else if (ConnectionFailure(options) is { } failure)
        {
            yield return failure;
        }

        if (string.IsNullOrWhiteSpace(options.DataFolder))
        {
            yield return $"{Key(nameof(options.DataFolder))} is empty; needed is a folder.";
        }

        if (options.CommandTimeout < TimeSpan.FromSeconds(0.5) || options.CommandTimeout > TimeSpan.FromMinutes(5))
        {
            yield return $"{Key(nameof(options.CommandTimeout))} is {options.CommandTimeout}; allowed are 00:00:00.5 to 00:05:00.";
        }

        if (options.MaxPoolSize is < 2 or > 1000)
        {
            yield return $"{Key(nameof(options.MaxPoolSize))} is {options.MaxPoolSize}; allowed are 2 to 1000.";
        }

        if (options.EncryptionKeys.Length > 0)
        {
            if (KeyRing.Failure(options.EncryptionKeys) is { } wrong)
            {
                yield return $"{Key(nameof(options.EncryptionKeys))} (or {StorageOptions.EncryptionKeysVariable}): {wrong}";
            }
        }
        else if (known && options.Kind == StorageProvider.Postgres)
        {
            yield return $"{Key(nameof(options.EncryptionKeys))} (or {StorageOptions.EncryptionKeysVariable}) is not set; with Postgres it must be: {KeyRing.Allowed}, such as `openssl rand -base64 32` makes.";
        }
    }

    /// <summary>Never shows the value: it may hold a password.</summary>
    private static string? ConnectionFailure(StorageOptions options)
    {
        string key = Key(nameof(options.ConnectionString));
        bool sqlite = options.Kind == StorageProvider.Sqlite;
        try
        {
            return sqlite ? SqliteFailure(key, options.ConnectionString) : PostgresFailure(key, options.ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return $"{key} cannot be read ({(e as ArgumentException)?.ParamName ?? e.GetType().Name}); needed are keyword=value pairs of {(sqlite ? "Microsoft.Data.Sqlite" : "Npgsql")}, separated by ';'.";
        }
    }

    private static string? SqliteFailure(string key, string connection) =>
        new SqliteConnectionStringBuilder(connection) is { Mode: SqliteOpenMode.Memory } or { DataSource: ":memory:" }
            ? $"{key} asks for a database in memory; needed is a file, which survives the process."
            : null;

    // Not inlined: the driver is loaded only where it is used.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string? PostgresFailure(string key, string connection) =>
        string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(connection).Host)
            ? $"{key} names no host; with Postgres it must be set, such as Host=db.example.org;Database=gateway;Username=gateway."
            : null;

    private static string Key(string name) => $"{StorageOptions.Section}:{name}";
}
