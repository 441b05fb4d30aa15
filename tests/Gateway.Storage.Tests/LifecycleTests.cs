using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Tests.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Gateway.Storage.Tests;

public sealed class SqliteLifecycleTests(SharedSqlite shared) : LifecycleTests(shared.TakeAsync);

public sealed class PostgresLifecycleTests(SharedPostgres server) : LifecycleTests(server.TakeAsync);

public abstract class LifecycleTests(Func<CancellationToken, Task<TestDatabase>> make) : StoreTests(make)
{
    [Fact]
    public async Task Open_Again_HasTheSameIdentity()
    {
        var identity = await Store.Gateway.OpenAsync(Token);
        Assert.Matches("^[a-z2-7]{26}$", identity.Id);
        Assert.Equal(identity, await (await Database.SecondAsync(Token)).Gateway.OpenAsync(Token));
    }

    [Fact]
    public async Task Open_SchemaThatOnlyNewerVersionsCanServe_IsRefused()
    {
        Database.IsSpoilt = true;
        await Database.ExecuteAsync("UPDATE facts SET value = '9' WHERE name = 'schema_level'", Token);
        await Store.Gateway.OpenAsync(Token);
        await Database.ExecuteAsync("UPDATE facts SET value = '8' WHERE name = 'schema_compatible_level'", Token);

        var refused = await Assert.ThrowsAsync<SchemaMismatchException>(() => Store.Gateway.OpenAsync(Token));
        Assert.Contains("8", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE facts SET value = '0' WHERE name = 'schema_level'")]
    [InlineData("UPDATE facts SET value = 'x' WHERE name = 'schema_level'")]
    [InlineData("DELETE FROM facts")]
    [InlineData("DROP TABLE facts")]
    public async Task Open_SchemaOlderThanNeeded_SaysWhatToDo(string damage)
    {
        Database.IsSpoilt = true;
        await Database.ExecuteAsync(damage, Token);

        var refused = await Assert.ThrowsAsync<SchemaMismatchException>(() => Store.Gateway.OpenAsync(Token));
        Assert.Contains("gateway migrate", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The database of the version before, with its rows.</summary>
    [Fact]
    public async Task Migrate_FromTheLevelBefore_KeepsRowsAndIsServed()
    {
        await CreateAsync("c1");
        await StartWorkersAsync("c1", "w1");
        await using (var context = Store.Database.NewContext())
        {
            string[] migrations = [.. context.Database.GetMigrations()];
            await context.GetService<IMigrator>().MigrateAsync(migrations[^2], Token);
        }

        Assert.Equal($"{SchemaLevels.Current - 1}", await Database.ReadAsync("SELECT value FROM facts WHERE name = 'schema_level'", Token));
        await Store.Gateway.OpenAsync(Token);
        Assert.Equal($"{SchemaLevels.Current}", await Database.ReadAsync("SELECT value FROM facts WHERE name = 'schema_level'", Token));
        Assert.Equal("w1", Assert.Single((await Store.Jobs.LiveJobsAsync("farm", null, null, 10, Token)).Jobs).Name);
    }

    [Fact]
    public async Task Migrate_ManyAtOnce_LeavesOneSchema()
    {
        var second = await Database.SecondAsync(Token);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => (i % 2 == 0 ? Store : second).Gateway.MigrateAsync(Token)));
        await using var context = Store.Database.NewContext();

        Assert.Empty(await context.Database.GetPendingMigrationsAsync(Token));
        Assert.False(context.Database.HasPendingModelChanges());
    }

    /// <summary>The build makes the list by which a start tells that a database is up to date.</summary>
    [Fact]
    public async Task ListOfMigrations_InTheAssembly_NamesThoseOfEntityFramework()
    {
        await using var context = Store.Database.NewContext();
        var assembly = context.GetService<IMigrationsAssembly>();
        using var list = new StreamReader(assembly.Assembly.GetManifestResourceStream("migrations.txt")!);

        Assert.Equal(assembly.Migrations.Keys.Order(StringComparer.Ordinal), (await list.ReadToEndAsync(Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }
}
