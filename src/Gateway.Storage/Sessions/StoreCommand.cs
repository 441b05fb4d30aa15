using System.Data;
using System.Data.Common;
using Gateway.Storage.Schema;

namespace Gateway.Storage.Sessions;

/// <summary>One hand-written statement and its parameters.</summary>
internal sealed class StoreCommand(DbCommand command, StoreLine line, StoreSql sql, Action counted)
{
    public StoreCommand With(string name, object value)
    {
        Add(name, value switch
        {
            DateTimeOffset time => Micros.From(time),
            TimeSpan span => Micros.From(span),
            _ => value,
        });
        return this;
    }

    public StoreCommand WithText(string name, string? value)
    {
        Add(name, value).DbType = DbType.String;
        return this;
    }

    public StoreCommand WithTime(string name, DateTimeOffset? value)
    {
        Add(name, Micros.From(value)).DbType = DbType.Int64;
        return this;
    }

    public StoreCommand With<T>(RowSet<T> rows, IReadOnlyCollection<T> items)
    {
        sql.Bind(command, rows, items);
        return this;
    }

    public StoreCommand WithNames(IReadOnlyCollection<string> names) => With(RowSets.Names, names);

    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
    {
        counted();
        try
        {
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
        finally
        {
            line.GiveBack(command);
        }
    }

    public async Task<List<T>> QueryAsync<T>(Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        counted();
        try
        {
            var result = new List<T>();
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                result.Add(read(reader));
            }

            // Statements after the one that answers run, and fail, when they are come to.
            while (await reader.NextResultAsync(cancellationToken))
            {
            }

            return result;
        }
        finally
        {
            line.GiveBack(command);
        }
    }

    public Task<List<string>> NamesAsync(CancellationToken cancellationToken) => QueryAsync(r => r.GetString(0), cancellationToken);

    private DbParameter Add(string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
        return parameter;
    }
}
