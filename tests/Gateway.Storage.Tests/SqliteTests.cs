using System.Diagnostics;
using System.Runtime.Versioning;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Schema;
using Gateway.Storage.Tests.Stores;
using Gateway.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Storage.Tests;

/// <summary>What only the embedded database has: a folder, a lock, a key file, and the process' clock.</summary>
public sealed class SqliteTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("gateway-folder-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Folder => Path.Combine(_root, "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Open_NewFolder_IsForTheGatewaysUserAlone()
    {
        await using var store = await OpenAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Folder, "encryption.key")));
    }

    [Fact]
    public async Task Open_FolderOfALiveProcess_IsRefusedUntilThatProcessIsKilled()
    {
        await using (await OpenAsync())
        {
            // Makes the folder and leaves.
        }

        using var holder = Process.Start(new ProcessStartInfo("flock", ["--exclusive", Path.Combine(Folder, "gateway.lock"), "sh", "-c", "echo held; exec sleep 600"]) { RedirectStandardOutput = true })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Token));
        var refused = await Assert.ThrowsAsync<StoreInUseException>(OpenAsync);
        Assert.Contains(Folder, refused.Message, StringComparison.Ordinal);
        foreach (int process in ProcessSignals.ChildrenOf(holder.Id).Append(holder.Id))
        {
            ProcessSignals.Send(process, ProcessSignals.Kill);
        }

        await holder.WaitForExitAsync(Token);
        await using var store = await OpenAsync();
    }

    [Fact]
    public async Task Open_SecondGatewayOnTheSameFolder_NamesTheFirst()
    {
        await using var first = await OpenAsync();

        var refused = await Assert.ThrowsAsync<StoreInUseException>(OpenAsync);
        Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FolderThatCannotBeMade_SaysWhichKeyAndWhy()
    {
        await File.WriteAllTextAsync(Folder, "a file where the folder should be", Token);
        var store = Replica.Make(Settings());

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => store.Gateway.OpenAsync(Token));

        Assert.StartsWith($"Storage:DataFolder is '{Folder}', which cannot be used: ", Assert.Single(refused.Failures), StringComparison.Ordinal);
        await store.DisposeAsync(); // must not try it once more
    }

    [Fact]
    public async Task Open_NewDatabase_IsMadeByAScriptThatComesToWhatTheMigrationsDo()
    {
        await using (await OpenAsync())
        {
            // Makes the folder and leaves.
        }

        string migrated = Path.Combine(_root, "migrated.db");
        var options = new DbContextOptionsBuilder<GatewayDbContext>().UseSqlite($"Data Source={migrated};Pooling=False", sqlite => sqlite.MigrationsAssembly("Gateway.Migrations.Sqlite")).Options;
        await using (var context = new GatewayDbContext(options))
        {
            await context.Database.MigrateAsync(Token);
        }

        Assert.True(
            (await ContentAsync(migrated)).SequenceEqual(await ContentAsync(Path.Combine(Folder, "gateway.db"))),
            "migrations/Sqlite/schema.sql is not what the migrations come to. Write it anew: dotnet ef migrations script --no-transactions --project migrations/Sqlite -o migrations/Sqlite/schema.sql");
    }

    [Fact]
    public async Task Open_MigrationsLockOfAKilledProcess_IsNotWaitedFor()
    {
        await using (var store = await OpenAsync())
        {
            await using var context = store.Database.NewContext();
            await context.Database.OpenConnectionAsync(Token);
            await using var command = context.Database.GetDbConnection().CreateCommand();
            command.CommandText = """CREATE TABLE IF NOT EXISTS "__EFMigrationsLock" ("Id" INTEGER PRIMARY KEY, "Timestamp" TEXT NOT NULL); INSERT OR IGNORE INTO "__EFMigrationsLock" VALUES (1, '')""";
            await command.ExecuteNonQueryAsync(Token);
        }

        await using var again = Replica.Make(Settings());
        await again.Gateway.OpenAsync(Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
    }

    [Fact]
    public async Task Open_DamagedKeyFile_SaysWhichAndWhatToDo()
    {
        await using (await OpenAsync())
        {
            // Makes the key.
        }

        await File.WriteAllTextAsync(Path.Combine(Folder, "encryption.key"), "short", Token);
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(OpenAsync);
        Assert.Contains("encryption.key", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("short", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clock_IsTheProcessOwn()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var store = Replica.Make(Settings(), time);
        await store.Gateway.OpenAsync(Token);
        Assert.Equal(time.GetUtcNow(), await store.Gateway.PingAsync(Token));
        time.Advance(TimeSpan.FromMinutes(3));

        Assert.Equal(time.GetUtcNow(), (await store.Reconcile.ClaimAsync("a", 1, TimeSpan.FromSeconds(1), Token)).Now);
    }

    [Fact]
    public async Task Clock_SetBack_NothingWaitsForATimeThatHadPassed()
    {
        var time = new SetClock();
        await using var store = Replica.Make(Settings(), time);
        await store.Gateway.OpenAsync(Token);
        await CreateAsync(store, "c1");
        var before = await store.Gateway.PingAsync(Token);
        time.Set(TimeSpan.FromHours(-1));

        Assert.Equal(before, await store.Gateway.PingAsync(Token));
        Assert.Equal("c1", Assert.Single((await store.Reconcile.ClaimAsync("a", 10, TimeSpan.FromSeconds(5), Token)).Claims).Cluster);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(before + TimeSpan.FromSeconds(5), await store.Gateway.PingAsync(Token));
        Assert.Equal(2, Assert.Single((await store.Reconcile.ClaimAsync("a", 10, TimeSpan.FromSeconds(5), Token)).Claims).Generation);

        // Forward it follows.
        time.Set(TimeSpan.FromDays(365));
        Assert.Equal(time.GetUtcNow(), await store.Gateway.PingAsync(Token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task Open_AfterAProcessThatDiedAtWork_GoesOnAtOnceAlsoWhereTheClockWasSetBack(int hours)
    {
        var time = new SetClock();
        await using (var dead = Replica.Make(Settings(), time))
        {
            await dead.Gateway.OpenAsync(Token);
            await CreateAsync(dead, "c1");
            var claim = Assert.Single((await dead.Reconcile.ClaimAsync("a", 10, TimeSpan.FromMinutes(5), Token)).Claims);
            var entry = new OutboxEntry { Action = OutboxAction.Start, Job = "c1", Kind = JobKind.Scheduler, Cluster = "c1", Backend = "farm" };
            Assert.Equal(SaveOutcome.Saved, await dead.Reconcile.SaveAsync(new PlanSave { Claim = claim, Revision = 0, Outbox = [entry], DueAt = time.GetUtcNow() }, Token));
            Assert.Single((await dead.Reconcile.ClaimAsync("a", 10, TimeSpan.FromMinutes(5), Token)).Claims);
            Assert.Single(await dead.Jobs.ClaimOutboxAsync("farm", null, 10, TimeSpan.FromMinutes(5), Token));
            Assert.True(await dead.Duties.TakeAsync("monitor:farm", "a", TimeSpan.FromMinutes(5), Token));
        }

        time.Set(TimeSpan.FromHours(hours));
        await using var next = Replica.Make(Settings(), time);
        await next.Gateway.OpenAsync(Token);
        Assert.Equal("c1", Assert.Single((await next.Reconcile.ClaimAsync("b", 10, TimeSpan.FromMinutes(5), Token)).Claims).Cluster);
        Assert.Equal(2, Assert.Single(await next.Jobs.ClaimOutboxAsync("farm", null, 10, TimeSpan.FromMinutes(5), Token)).Attempt);
        Assert.True(await next.Duties.TakeAsync("monitor:farm", "b", TimeSpan.FromMinutes(5), Token));
    }

    [Fact]
    public async Task Write_WhileAnotherOneTakesTooLong_IsUnavailableWithinItsBound()
    {
        await using var store = await OpenAsync(timeout: 3);
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        var slow = store.Database.WriteAsync(
            "slow",
            async (_, _) =>
            {
                entered.SetResult();
                await leave.Task;
            },
            Token);
        await entered.Task;

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.Jobs.PulseAsync("a", "1", TimeSpan.FromSeconds(1), Token).WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.Empty(await store.Gateway.ReplicasAsync(Token));
        leave.SetResult();
        await Record.ExceptionAsync(() => slow);
        await store.Jobs.PulseAsync("a", "1", TimeSpan.FromSeconds(1), Token);
        Assert.Single(await store.Gateway.ReplicasAsync(Token));
    }

    private static Task<bool> CreateAsync(Replica store, string name) => store.Clusters.CreateAsync(
        new NewCluster
        {
            Name = name,
            OwnerId = Guid.Empty,
            Options = "{}",
            Spec = new ClusterSpec { SchedulerBackend = "farm", Account = "a" },
            Credentials = new ClusterCredentials("c", "k", "t"),
        },
        Token);

    private Dictionary<string, string?> Settings(int timeout = 30) => new() { ["Storage:DataFolder"] = Folder, ["Storage:CommandTimeout"] = $"00:00:{timeout:00}" };

    private static async Task<List<string>> ContentAsync(string file)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False;Mode=ReadOnly");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT type || ' ' || name || ': ' || COALESCE(sql, '') FROM sqlite_master WHERE name <> '__EFMigrationsLock'
            UNION ALL SELECT 'fact ' || name || ': ' || value FROM facts WHERE name <> 'identity'
            UNION ALL SELECT 'migration ' || MigrationId || ' ' || ProductVersion FROM __EFMigrationsHistory
            ORDER BY 1
            """;
        var lines = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(Token);
        while (await reader.ReadAsync(Token))
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }

    private Task<Replica> OpenAsync() => OpenAsync(30);

    private async Task<Replica> OpenAsync(int timeout)
    {
        var replica = Replica.Make(Settings(timeout));
        try
        {
            await replica.Gateway.OpenAsync(Token);
            return replica;
        }
        catch
        {
            await replica.DisposeAsync();
            throw;
        }
    }

    /// <summary>A machine whose clock can be set, while its monotonic one goes on.</summary>
    private sealed class SetClock() : FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60))
    {
        private TimeSpan _off;

        public void Set(TimeSpan by) => _off += by;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _off;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }
}
