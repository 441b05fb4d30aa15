using System.Data;
using System.Data.Common;

namespace Gateway.Storage.Sessions;

/// <summary>An open connection for one operation. Disposing it gives the connection back to where it came from.</summary>
internal class StoreLine(DbConnection connection) : IAsyncDisposable
{
    public DbConnection Connection => connection;

    public bool IsOpen => connection.State == ConnectionState.Open;

    /// <summary>A statement to fill in and run; it goes to <see cref="GiveBack"/> afterwards.</summary>
    public virtual DbCommand Take(string text)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Statements are constants and fragments of this project; values are parameters.
        command.CommandText = text;
#pragma warning restore CA2100
        return command;
    }

    public virtual void GiveBack(DbCommand command) => command.Dispose();

    /// <summary>Something failed on it: it is not to be used for another operation.</summary>
    public virtual void Distrust()
    {
    }

    public ValueTask DisposeAsync() => LeaveAsync();

    protected virtual ValueTask LeaveAsync() => connection.DisposeAsync();
}
