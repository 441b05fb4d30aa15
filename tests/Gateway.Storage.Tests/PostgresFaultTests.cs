using System.Diagnostics;
using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Storage.Encryption;
using Gateway.Storage.Postgres;
using Gateway.Storage.Tests.Stores;
using Gateway.Testing;

namespace Gateway.Storage.Tests;

/// <summary>What befalls a server, which no other class uses.</summary>
public sealed class PostgresFaultTests(PostgresFaultTests.OwnServer own) : IClassFixture<PostgresFaultTests.OwnServer>, IAsyncLifetime
{
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(3);

    // Generous: it only has to be clear that nothing waits for ever.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly List<Replica> _replicas = [];
    private readonly string _keys = KeyRing.NewKey();
    private string _connection = "";

    private PostgresServer Server => own.Shared.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _connection = await own.Shared.NewDatabaseAsync(Token);

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
        {
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task Frozen_EveryOperation_IsUnavailableWithinItsBoundAndWorksAfterTheThaw()
    {
        var store = await OpenAsync(Quick);
        await store.Clusters.CreateAsync(Named("c1"), Token);
        Server.Freeze();
        try
        {
            Func<Task>[] operations =
            [
                () => store.Gateway.PingAsync(Token),
                () => store.Clusters.FindAsync("c1", Token),
                () => store.Clusters.CreateAsync(Named("c2"), Token),
                () => store.Clusters.RecordHeartbeatsAsync([Beat("c1")], Token),
                () => store.Reconcile.ClaimAsync("a", 10, Bound, Token),
                () => store.Jobs.ClaimOutboxAsync("farm", null, 10, Bound, Token),
                () => store.Jobs.PulseAsync("a", "1", Bound, Token),
            ];
            await Task.WhenAll(operations.Select(o => Assert.ThrowsAsync<StoreUnavailableException>(() => o().WaitAsync(Bound, Token))));
        }
        finally
        {
            Server.Thaw();
        }

        await EventuallyAsync(async () => await store.Clusters.FindAsync("c1", Token) is not null);
        await EventuallyAsync(async () =>
        {
            await store.Clusters.RecordHeartbeatsAsync([Beat("c1")], Token);
            return true;
        });
    }

    [Fact]
    public async Task Stopped_Operations_AreUnavailableAndSayWhyWithoutASecret()
    {
        var store = await OpenAsync(more: ";Password=hush-hush");
        await Server.StopAsync(Token);

        var e = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.Gateway.PingAsync(Token).WaitAsync(Bound, Token));
        Assert.Contains($"{Server.Port}", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", e.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.Gateway.OpenAsync(Token).WaitAsync(Bound, Token));
        await Server.StartAgainAsync(Token);
    }

    [Fact]
    public async Task Restarted_ReadsAndWritesOnOldConnections_GoOnWithoutAnError()
    {
        var store = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => store.Clusters.CreateAsync(Named($"c{i}"), Token)));
        await Server.CrashAsync(Token);
        await Server.StartAgainAsync(Token);

        Assert.NotNull(await store.Clusters.FindAsync("c0", Token));
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => store.Clusters.RecordHeartbeatsAsync([Beat($"c{i}")], Token)));
        Assert.Equal(6, (await store.Reconcile.ClaimAsync("a", 10, Bound, Token)).Claims.Count);
    }

    [Fact]
    public async Task Commit_ConnectionLostWhileItRuns_IsReportedAndNotRepeated()
    {
        var store = await OpenAsync();
        await ReadAsync(store, """
            CREATE SEQUENCE tries;
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('tries'); PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER dying AFTER INSERT ON clusters DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
            """);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.Clusters.CreateAsync(Named("c1"), Token));
        Assert.Equal(1, await ReadAsync(store, "SELECT last_value FROM tries"));
        Assert.Null(await store.Clusters.FindAsync("c1", Token));
    }

    [Theory]
    [InlineData("PERFORM pg_terminate_backend(pg_backend_pid())")]
    [InlineData("RAISE EXCEPTION 'circle' USING ERRCODE = '40P01'")]
    public async Task Write_LostOrRolledBackBeforeItsCommit_IsDoneAgain(string fault)
    {
        var store = await OpenAsync();
        await ReadAsync(store, $"""
            CREATE SEQUENCE tries;
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('tries') = 1 THEN {fault}; END IF; RETURN NEW; END $$;
            CREATE TRIGGER failing BEFORE INSERT ON clusters FOR EACH ROW EXECUTE FUNCTION fail();
            """);
        await store.Clusters.CreateAsync(Named("c1"), Token);

        Assert.NotNull(await store.Clusters.FindAsync("c1", Token));
        Assert.Equal(2, await ReadAsync(store, "SELECT last_value FROM tries"));
    }

    [Fact]
    public async Task FrozenReplica_WithAnOpenTransaction_DoesNotHoldTheOthersUpForEver()
    {
        var store = await OpenAsync(Quick);
        await store.Clusters.CreateAsync(Named("c1"), Token);
        await using var frozen = await ((PostgresDatabase)store.Database).ConnectAsync(Token);
        await using var transaction = await frozen.BeginTransactionAsync(Token);
        await using var command = frozen.CreateCommand();
        command.CommandText = "UPDATE cluster_inbox SET wake = wake + 1";
        await command.ExecuteNonQueryAsync(Token);

        await EventuallyAsync(async () =>
        {
            await store.Clusters.RecordHeartbeatsAsync([Beat("c1")], Token);
            return true;
        });
    }

    [Fact]
    public async Task PoolUsedUp_Operation_IsUnavailableWithinItsBound()
    {
        var store = await OpenAsync(Quick);
        var taken = new List<IAsyncDisposable>();
        for (int i = 0; i < 8; i++)
        {
            taken.Add(await ((PostgresDatabase)store.Database).ConnectAsync(Token));
        }

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.Clusters.FindAsync("c1", Token).WaitAsync(Bound, Token));
        foreach (var connection in taken)
        {
            await connection.DisposeAsync();
        }

        Assert.Null(await store.Clusters.FindAsync("c1", Token));
    }

    [Fact]
    public async Task SeveralHosts_FirstOneAway_UsesThePrimaryAmongThem()
    {
        string both = _connection.Replace($"Host=127.0.0.1;Port={Server.Port}", $"Host=127.0.0.1:1,127.0.0.1:{Server.Port}", StringComparison.Ordinal);
        Assert.NotEqual(_connection, both);
        _connection = both;
        var store = await OpenAsync();
        await store.Clusters.CreateAsync(Named("c1"), Token);

        await Server.CrashAsync(Token);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.Clusters.FindAsync("c1", Token).WaitAsync(Bound, Token));
        await Server.StartAgainAsync(Token);
        await EventuallyAsync(async () => await store.Clusters.FindAsync("c1", Token) is not null);
    }

    [Fact]
    public async Task Changes_OfAnotherReplica_AreHeardAlsoAfterTheConnectionWasLost()
    {
        var (writer, listener) = (await OpenAsync(), await OpenAsync());
        var heard = new System.Collections.Concurrent.ConcurrentQueue<Change>();
        using var subscription = listener.Signal.Subscribe(heard.Enqueue);
        await listener.ListenAsync(Token);
        await EventuallyAsync(() => Task.FromResult(heard.Contains(new Change(ChangeKind.Reset, ""))));
        await writer.Clusters.CreateAsync(Named("c1"), Token);
        await EventuallyAsync(() => Task.FromResult(heard.Contains(new Change(ChangeKind.Due, "c1"))));
        await writer.Clusters.RequestStopAsync("c1", "enough", failed: false, Token);
        await EventuallyAsync(() => Task.FromResult(heard.Contains(new Change(ChangeKind.Phase, "c1"))));

        heard.Clear();
        await ReadAsync(writer, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
        await EventuallyAsync(() => Task.FromResult(heard.Contains(new Change(ChangeKind.Reset, ""))));
        await writer.Clusters.CreateAsync(Named("c2"), Token);
        await EventuallyAsync(() => Task.FromResult(heard.Contains(new Change(ChangeKind.Due, "c2"))));
    }

    [Fact]
    public async Task Listener_ServerRestarted_ConnectsAgainAndResets()
    {
        var (writer, listener) = (await OpenAsync(), await OpenAsync());
        var heard = new System.Collections.Concurrent.ConcurrentQueue<Change>();
        using var subscription = listener.Signal.Subscribe(heard.Enqueue);
        await listener.ListenAsync(Token);
        await EventuallyAsync(() => Task.FromResult(!heard.IsEmpty));
        await Server.CrashAsync(Token);
        heard.Clear(); // before it starts again: the listener may be back, and have said so, at once
        await Server.StartAgainAsync(Token);

        await EventuallyAsync(async () =>
        {
            await writer.Clusters.CreateAsync(Named($"c{heard.Count}{Guid.NewGuid():N}"), Token);
            return heard.Any(c => c.Kind == ChangeKind.Due);
        });
        Assert.Contains(new Change(ChangeKind.Reset, ""), heard);
    }

    private static NewCluster Named(string name) => new()
    {
        Name = name,
        OwnerId = Guid.Empty,
        Options = "{}",
        Spec = new ClusterSpec { SchedulerBackend = "local", Account = "a" },
        Credentials = new ClusterCredentials("c", "k", "t"),
    };

    private static ReceivedHeartbeat Beat(string cluster) =>
        new(cluster, new Heartbeat { SchedulerAddress = "tls://a:1", ApiAddress = "http://a:3" }, Random.Shared.NextInt64());

    private async Task<Replica> OpenAsync(TimeSpan? timeout = null, string more = "")
    {
        var settings = SharedPostgres.Settings(_connection + more, _keys);
        settings["Storage:CommandTimeout"] = $"{timeout ?? TimeSpan.FromSeconds(15)}";
        var replica = Replica.Make(settings);
        _replicas.Add(replica);
        await replica.Gateway.OpenAsync(Token);
        return replica;
    }

    private static async Task<long> ReadAsync(Replica replica, string statement)
    {
        await using var connection = await ((PostgresDatabase)replica.Database).ConnectAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        return await command.ExecuteScalarAsync(Token) is long value ? value : 0;
    }

    /// <summary>Until it is so; what is unavailable meanwhile is asked again.</summary>
    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (StoreUnavailableException) when (Stopwatch.GetElapsedTime(begun) < Bound)
            {
                // Not yet.
            }

            Assert.True(Stopwatch.GetElapsedTime(begun) < Bound, "It did not come about.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }
    }

    public sealed class OwnServer : IAsyncLifetime
    {
        public SharedPostgres Shared { get; } = new();

        public ValueTask InitializeAsync() => Shared.InitializeAsync();

        public ValueTask DisposeAsync() => Shared.DisposeAsync();
    }
}
