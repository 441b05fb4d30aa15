using Gateway.Storage.Configuration;
using Gateway.Storage.Encryption;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gateway.Storage.Tests;

public sealed class StorageOptionsTests
{
    private const string Key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    [Theory]
    [InlineData("Provider", "oracle", "Storage:Provider is 'oracle'; allowed are sqlite and postgres.")]
    [InlineData("Provider", "1", "Storage:Provider is '1'")]
    [InlineData("DataFolder", " ", "Storage:DataFolder is empty")]
    [InlineData("CommandTimeout", "00:00:00.1", "Storage:CommandTimeout is 00:00:00.1000000; allowed are")]
    [InlineData("MaxPoolSize", "1", "Storage:MaxPoolSize is 1; allowed are 2 to 1000.")]
    [InlineData("ConnectionString", "Secret=hush", "Storage:ConnectionString cannot be read")]
    [InlineData("ConnectionString", "Data Source=:memory:", "Storage:ConnectionString asks for a database in memory")]
    [InlineData("EncryptionKeys", "hush", "Storage:EncryptionKeys (or DASK_GATEWAY_ENCRYPT_KEYS): key 1 of 1 is not 32 bytes in base64")]
    [InlineData("EncryptionKeys", Key + ";aHVzaA==", "key 2 of 2 is not")]
    [InlineData("EncryptionKeys", ";", "no key is set")]
    public void Validate_WrongValue_NamesKeyValueAndWhatIsAllowed(string name, string value, string expected)
    {
        var failures = Assert.Throws<OptionsValidationException>(() => Read(($"Storage:{name}", value))).Failures;
        Assert.Contains(expected, Assert.Single(failures), StringComparison.Ordinal);
        Assert.DoesNotContain("hush", failures.Single(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Validate_PostgresWithoutAnything_ReportsAllAtOnce()
    {
        var failures = Assert.Throws<OptionsValidationException>(() => Read(("Storage:Provider", "postgres"), ("Storage:MaxPoolSize", "0"))).Failures.ToList();
        Assert.Equal(3, failures.Count);
        Assert.Contains(failures, f => f.StartsWith("Storage:ConnectionString names no host", StringComparison.Ordinal));
        Assert.Contains(failures, f => f.Contains("DASK_GATEWAY_ENCRYPT_KEYS", StringComparison.Ordinal) && f.Contains("openssl rand -base64 32", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_Defaults_AreSqliteInTheDataFolder()
    {
        var options = Read();
        Assert.Equal((StorageProvider.Sqlite, Path.GetFullPath("data"), TimeSpan.FromSeconds(5), true), (options.Kind, options.FullDataFolder, options.CommandTimeout, options.MigrateOnStart));
    }

    [Fact]
    public void Read_KeysFromTheVariable_GiveWayToTheSection()
    {
        Assert.Equal(Key, Read(("DASK_GATEWAY_ENCRYPT_KEYS", Key)).EncryptionKeys);
        string other = KeyRing.NewKey();
        Assert.Equal(other, Read(("DASK_GATEWAY_ENCRYPT_KEYS", Key), ("Storage:EncryptionKeys", other)).EncryptionKeys);
        Assert.Equal(StorageProvider.Postgres, Read(("Storage:Provider", "Postgres"), ("Storage:ConnectionString", "Host=a,b;Database=g"), ("DASK_GATEWAY_ENCRYPT_KEYS", Key)).Kind);
    }

    private static StorageOptions Read(params (string Key, string Value)[] settings)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddGatewayStorage(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build());
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<StorageOptions>>().Value;
    }
}
