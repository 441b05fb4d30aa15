using Gateway.Core.Store;

namespace Gateway.Storage.Postgres;

/// <summary>
/// Keeps a server that takes no connections from being run over by all who wait for it: while it is down one caller at a time tries, after a short
/// pause with jitter; everybody else is told at once what the last one was told.
/// </summary>
internal sealed class ConnectionGate(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly Lock _lock = new();
    private string? _down;
    private long _closedAt;
    private TimeSpan _closedFor;
    private bool _trying;

    /// <summary>Opens a connection, unless the server is known not to take any.</summary>
    /// <param name="open">Makes the connection.</param>
    /// <param name="isDown">Why an error says that the server takes none from anybody; null: it does not say so.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="StoreUnavailableException">The server took none a moment ago.</exception>
    public async ValueTask<T> OpenAsync<T>(Func<CancellationToken, ValueTask<T>> open, Func<Exception, string?> isDown, CancellationToken cancellationToken)
    {
        bool tries = Enter();
        try
        {
            var connection = await open(cancellationToken);
            Set(null);
            return connection;
        }
        catch (Exception e) when (isDown(e) is { } reason)
        {
            Set(reason);
            throw;
        }
        finally
        {
            if (tries)
            {
                Leave();
            }
        }
    }

    /// <returns>Whether this caller is the one who tries.</returns>
    private bool Enter()
    {
        lock (_lock)
        {
            if (_down is null)
            {
                return false;
            }

            if (_trying || time.GetElapsedTime(_closedAt) < _closedFor)
            {
                throw new StoreUnavailableException(_down);
            }

            return _trying = true;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            _trying = false;
        }
    }

    private void Set(string? down)
    {
        if (down is null && Volatile.Read(ref _down) is null)
        {
            return;
        }

        lock (_lock)
        {
            (_down, _closedAt, _closedFor) = (down, time.GetTimestamp(), Pause * (0.5 + Random.Shared.NextDouble()));
        }
    }
}
