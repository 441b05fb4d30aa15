using System.Net.Sockets;
using Gateway.Storage.Sessions;
using Npgsql;

namespace Gateway.Storage.Postgres;

/// <summary>What Postgres' and Npgsql's errors mean.</summary>
internal static class PostgresFaults
{
    private const string IdleInTransactionTimeout = "25P03";

    public static StoreFault Of(NpgsqlException exception) => exception switch
    {
        PostgresException answered => OfState(answered.SqlState),
        NpgsqlOperationInProgressException => StoreFault.None,
        _ => OfCause(exception),
    };

    /// <summary>Whether an attempt to connect says that nobody can: nothing listens, or the server starts, stops or recovers. A wait that was too long says nothing of others.</summary>
    public static bool IsDown(Exception exception)
    {
        // Where there are several hosts, what the first of them said is the innermost.
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException or PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown })
            {
                return true;
            }
        }

        return false;
    }

    private static StoreFault OfState(string state) => state switch
    {
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected => StoreFault.Conflict,
        PostgresErrorCodes.UniqueViolation => StoreFault.Duplicate,

        // The server said goodbye, or has become a standby: another connection may reach the primary.
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or IdleInTransactionTimeout
            or PostgresErrorCodes.ReadOnlySqlTransaction => StoreFault.Broken,

        // The schema was there when this replica started: the database is being restored.
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName => StoreFault.Unavailable,
        PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.LockNotAvailable
            or PostgresErrorCodes.InvalidCatalogName => StoreFault.Unavailable,
        _ => state[..2] switch
        {
            "08" => StoreFault.Broken,
            "28" or "53" or "57" or "58" => StoreFault.Unavailable,
            _ => StoreFault.None,
        },
    };

    private static StoreFault OfCause(Exception exception)
    {
        bool broken = false;
        for (var e = exception.InnerException; e is not null; e = e.InnerException)
        {
            // A connection that timed out would do so again; one that could not be made has no stream to break.
            if (e is TimeoutException)
            {
                return StoreFault.Unavailable;
            }

            broken |= e is IOException;
        }

        return broken ? StoreFault.Broken : StoreFault.Unavailable;
    }
}
