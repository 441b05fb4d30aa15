using System.Security.Cryptography;
using Gateway.Core.Store;
using Gateway.Storage.Encryption;
using Gateway.Storage.Tests.Stores;

namespace Gateway.Storage.Tests;

public sealed class SqliteKeyTests(SharedSqlite shared) : KeyTests(shared.TakeAsync);

public sealed class PostgresKeyTests(SharedPostgres server) : KeyTests(server.TakeAsync);

public abstract class KeyTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    [Fact]
    public async Task Credentials_KeyMissing_NamesRowAndFingerprintAndBlocksNothingElse()
    {
        await CreateAsync("c1");
        string old = Database.Keys;
        var replica = await Database.WithKeysAsync(KeyRing.NewKey(), Token);
        await replica.Clusters.CreateAsync(NewCluster("c2"), Token);

        var missing = await Assert.ThrowsAsync<MissingKeyException>(() => replica.Clusters.CredentialsAsync(["c1", "c2"], Token));
        Assert.Equal(["c1"], missing.Rows);
        Assert.Contains("c1", missing.Message, StringComparison.Ordinal);
        Assert.Contains(new KeyRing(old).First, missing.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(old, missing.Message, StringComparison.Ordinal);
        Assert.Equal("token of c2", (await replica.Clusters.CredentialsAsync(["c2"], Token))["c2"].Token);
        Assert.NotNull(await replica.Clusters.FindAsync("c1", Token));
        Assert.NotNull(await replica.Clusters.TokenAsync("c1", Token));
        Assert.Equal(2, (await replica.Reconcile.LoadAsync((await replica.Reconcile.ClaimAsync("a", 10, Lease, Token)).Claims, Token)).Count);
    }

    [Fact]
    public async Task Rotate_InBatchesWhileOthersCreate_LeavesAllUnderTheFirstKey()
    {
        string[] names = [.. Enumerable.Range(0, 25).Select(i => $"c{i:00}")];
        await CreateAsync(names);
        await Store.ProtectionKeys.StoreAsync("key-1", "<key>one</key>", Token);
        string next = KeyRing.NewKey();
        var replica = await Database.WithKeysAsync($"{next}; {Database.Keys}", Token);
        await replica.Clusters.CreateAsync(NewCluster("c99"), Token);
        var rotated = new List<KeyRotation>();
        do
        {
            rotated.Add(await replica.Gateway.RotateKeysAsync(rotated.LastOrDefault()?.Next, 10, Token));
            Assert.Equal("token of c00", (await replica.Clusters.CredentialsAsync(["c00"], Token))["c00"].Token);
        }
        while (rotated[^1].Next is not null);

        Assert.Equal(26, rotated.Sum(r => r.Rewritten));
        Assert.True(rotated.Count >= 4);
        Assert.Empty(rotated.SelectMany(r => r.Blocked));
        var onlyNew = await Database.WithKeysAsync(next, Token);
        var found = await onlyNew.Clusters.CredentialsAsync([.. names, "c99"], Token);
        Assert.Equal(26, found.Count);
        Assert.Equal("key of c07", found["c07"].Key);
        Assert.Equal(["<key>one</key>"], await onlyNew.ProtectionKeys.GetAllAsync(Token));
    }

    [Fact]
    public async Task Rotate_KeyMissing_NamesTheRowAndGoesOn()
    {
        await CreateAsync("c1");
        await Store.ProtectionKeys.StoreAsync("key-1", "<key/>", Token);
        string old = Database.Keys;
        string second = KeyRing.NewKey();
        var replica = await Database.WithKeysAsync(second, Token);
        await replica.Clusters.CreateAsync(NewCluster("c2"), Token);
        var third = await Database.WithKeysAsync($"{KeyRing.NewKey()};{second}", Token);

        var clusters = await third.Gateway.RotateKeysAsync(null, 10, Token);
        var protection = await third.Gateway.RotateKeysAsync(clusters.Next, 10, Token);
        Assert.Equal(1, clusters.Rewritten);
        Assert.Equal([$"cluster c1 (key {new KeyRing(old).First})"], clusters.Blocked);
        Assert.Equal([$"protection key key-1 (key {new KeyRing(old).First})"], protection.Blocked);
        Assert.Null(protection.Next);
    }

    // Names of their own: the store, which outlives a test, keeps what it has opened, and no cluster has the name of an earlier one.
    [Fact]
    public async Task Credentials_MovedToAnotherRow_AreRefused()
    {
        await CreateAsync("moved", "other");
        await Database.ExecuteAsync("UPDATE credentials SET sealed_token = (SELECT sealed_token FROM credentials WHERE cluster = 'other') WHERE cluster = 'moved'", Token);

        await Assert.ThrowsAnyAsync<CryptographicException>(() => Store.Clusters.CredentialsAsync(["moved"], Token));
    }

    [Fact]
    public async Task Credentials_OpenedAMomentAgo_AreTheSameAndNotReadAgain()
    {
        await CreateAsync("opened", "fresh");
        var first = (await Store.Clusters.CredentialsAsync(["opened"], Token))["opened"];
        await Database.ExecuteAsync("DELETE FROM credentials WHERE cluster = 'opened'", Token);

        var again = await Store.Clusters.CredentialsAsync(["opened", "fresh", "nobody"], Token);

        Assert.Equal(["fresh", "opened"], again.Keys.Order());
        Assert.Equal((first, "token of fresh"), (again["opened"], again["fresh"].Token));
    }

    [Fact]
    public async Task ProtectionKeys_StoredByOneReplica_AreReadByAnotherAndEncryptedInTheTable()
    {
        await Store.ProtectionKeys.StoreAsync("key-1", "<key>one</key>", Token);
        await Store.ProtectionKeys.StoreAsync("key-2", "<key>two</key>", Token);
        await Store.ProtectionKeys.StoreAsync("key-1", "<key>uno</key>", Token);

        Assert.Equal(["<key>uno</key>", "<key>two</key>"], await (await Database.SecondAsync(Token)).ProtectionKeys.GetAllAsync(Token));
        Assert.Equal("0", await Database.ReadAsync("SELECT count(*) FROM protection_keys WHERE CAST(sealed_xml AS text) LIKE '%key>%'", Token));
        var replica = await Database.WithKeysAsync(KeyRing.NewKey(), Token);
        Assert.Empty(await replica.ProtectionKeys.GetAllAsync(Token));
    }
}
