using System.Net.Sockets;
using Gateway.Core.Store;
using Gateway.Storage.Postgres;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Gateway.Storage.Tests;

public sealed class ConnectionGateTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ConnectionGate _gate;
    private int _tries;
    private Func<Task<int>> _server = () => Task.FromResult(1);

    public ConnectionGateTests() => _gate = new ConnectionGate(_time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_EverybodyConnects()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OpenAsync()));

        Assert.Equal(20, _tries);
    }

    [Fact]
    public async Task Down_OneTriesAfterEachPause_AndTheOthersAreToldWhatItWas()
    {
        _server = () => throw new IOException("refused");
        await Assert.ThrowsAsync<IOException>(OpenAsync);
        for (int i = 0; i < 100; i++)
        {
            var told = await Assert.ThrowsAsync<StoreUnavailableException>(OpenAsync);
            Assert.Equal("down: refused", told.Message);
        }

        Assert.Equal(1, _tries);
        for (int pauses = 1; pauses <= 5; pauses++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.4));
            await Assert.ThrowsAsync<IOException>(OpenAsync);
            await Assert.ThrowsAsync<StoreUnavailableException>(OpenAsync);
            Assert.Equal(1 + pauses, _tries);
        }
    }

    [Fact]
    public async Task Down_WhileOneTries_TheOthersAreToldAtOnce_AndOnceItHasConnectedEverybodyDoes()
    {
        _server = () => throw new IOException("refused");
        await Assert.ThrowsAsync<IOException>(OpenAsync);
        _time.Advance(TimeSpan.FromSeconds(0.4));
        var answer = new TaskCompletionSource<int>();
        _server = () => answer.Task;

        var first = OpenAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(OpenAsync);
        Assert.Equal(2, _tries);
        answer.SetResult(1);
        await first;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OpenAsync()));

        Assert.Equal(22, _tries);
    }

    [Fact]
    public async Task Error_ThatSaysNothingOfOthers_ClosesNothing()
    {
        _server = () => throw new TimeoutException();

        await Assert.ThrowsAsync<TimeoutException>(OpenAsync);
        await Assert.ThrowsAsync<TimeoutException>(OpenAsync);
    }

    [Fact]
    public async Task Down_WhoTriesGivesUp_TheNextOneTries()
    {
        _server = () => throw new IOException("refused");
        await Assert.ThrowsAsync<IOException>(OpenAsync);
        _time.Advance(TimeSpan.FromSeconds(0.4));
        _server = () => throw new OperationCanceledException();
        await Assert.ThrowsAsync<OperationCanceledException>(OpenAsync);
        _server = () => Task.FromResult(1);

        await OpenAsync();

        Assert.Equal(3, _tries);
    }

    [Fact]
    public void IsDown_WhatRefuses_AlsoAsOneOfSeveralHosts_AndNotWhatTakesTooLong()
    {
        var refused = new NpgsqlException("Failed to connect", new SocketException((int)SocketError.ConnectionRefused));
        var starting = new PostgresException("the database system is starting up", "FATAL", "FATAL", PostgresErrorCodes.CannotConnectNow);

        Assert.True(PostgresFaults.IsDown(refused));
        Assert.True(PostgresFaults.IsDown(starting));
        Assert.True(PostgresFaults.IsDown(new NpgsqlException("Unable to connect to a suitable host", new AggregateException(refused, starting))));
        Assert.False(PostgresFaults.IsDown(new NpgsqlException("The connection pool has been exhausted", new TimeoutException())));
        Assert.False(PostgresFaults.IsDown(new PostgresException("sorry, too many clients already", "FATAL", "FATAL", PostgresErrorCodes.TooManyConnections)));
    }

    private async Task<int> OpenAsync() => await _gate.OpenAsync(
        async _ =>
        {
            _tries++;
            return await _server();
        },
        e => e is IOException ? $"down: {e.Message}" : null,
        Token);
}
