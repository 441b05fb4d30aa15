using System.Globalization;
using Gateway.Storage.Schema;
using Microsoft.EntityFrameworkCore;

namespace Gateway.Storage.Tests.Stores;

/// <summary>One empty database with an open store.</summary>
public abstract class TestDatabase : IAsyncDisposable
{
    /// <summary>The first replica.</summary>
    public abstract Replica First { get; protected set; }

    /// <summary>Another one on the same database; the embedded database has only one process, which then plays both.</summary>
    public abstract Task<Replica> SecondAsync(CancellationToken cancellationToken);

    /// <summary>A replica that was configured with other keys; the first one must not be used any more.</summary>
    public abstract Task<Replica> WithKeysAsync(string keys, CancellationToken cancellationToken);

    /// <summary>What the first replica's keys are.</summary>
    public abstract string Keys { get; }

    /// <summary>Set by a test after which the database cannot be used again.</summary>
    public bool IsSpoilt { get; set; }

    /// <summary>Gives the database back, emptied unless it is spoilt.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Ends it for good.</summary>
    public abstract Task EndAsync();

    /// <summary>Removes all rows but those that every new database has.</summary>
    public async Task EmptyAsync(CancellationToken cancellationToken)
    {
        await using var context = First.Database.NewContext();
        foreach (string table in context.Model.GetEntityTypes().Select(e => e.GetTableName()!).Where(t => t != "facts"))
        {
            await ExecuteAsync($"DELETE FROM {table}", cancellationToken);
        }
    }

    /// <summary>Lets time pass: everything that was written becomes older by so much.</summary>
    public async Task AgeAsync(TimeSpan by, CancellationToken cancellationToken)
    {
        await using var context = First.Database.NewContext();
        foreach (var entity in context.Model.GetEntityTypes())
        {
            var columns = entity.GetProperties().Where(p => p.ClrType == typeof(DateTimeOffset) || p.ClrType == typeof(DateTimeOffset?)).Select(p => p.GetColumnName()).ToList();
            if (columns.Count > 0)
            {
                await ExecuteAsync($"UPDATE {entity.GetTableName()} SET {string.Join(", ", columns.Select(c => $"{c} = {c} - {Micros.From(by)}"))}", cancellationToken);
            }
        }
    }

    /// <summary>Runs a statement behind the store's back.</summary>
    public async Task ExecuteAsync(string statement, CancellationToken cancellationToken)
    {
        await using var context = First.Database.NewContext();
        await context.Database.ExecuteSqlRawAsync(statement, cancellationToken);
    }

    /// <summary>Reads one value behind the store's back.</summary>
    public async Task<string?> ReadAsync(string statement, CancellationToken cancellationToken)
    {
        await using var context = First.Database.NewContext();
        await context.Database.OpenConnectionAsync(cancellationToken);
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = statement;
        object? value = await command.ExecuteScalarAsync(cancellationToken);
        return value is null or DBNull ? null : Convert.ToString(value, CultureInfo.InvariantCulture);
    }
}
