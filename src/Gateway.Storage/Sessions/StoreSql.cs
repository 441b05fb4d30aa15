using System.Data.Common;

namespace Gateway.Storage.Sessions;

/// <summary>
/// What differs between the providers' SQL: four fragments, and the statements of the hot paths, which each provider has in a file of its own.
/// The parameters and result columns given here hold for both.
/// </summary>
internal abstract class StoreSql
{
    /// <summary>The store's clock, in microseconds; on SQLite the parameter <c>now</c>, which every command has.</summary>
    public abstract string Now { get; }

    /// <summary>Ends a select that is to lock the rows of one table.</summary>
    public abstract string Lock(string alias);

    /// <summary>Whether a table exists. Parameter <c>table</c>; one row: 0 or 1.</summary>
    public abstract string TableExists { get; }

    /// <summary>Due leases. Parameters <c>replica</c>, <c>lease</c>, <c>max</c>; rows: cluster, generation, wake, now.</summary>
    public abstract string ClaimClusters { get; }

    /// <summary>Notes when clusters were heard of that say what they have said before, of <see cref="Clusters.HeartbeatRows.Same"/>; rows: these clusters. All that are named are locked.</summary>
    public abstract string RefreshHeartbeats { get; }

    /// <summary>Stores heartbeats that say something new, of <see cref="Clusters.HeartbeatRows.New"/>, and wakes their clusters; rows: these clusters.</summary>
    public abstract string RecordHeartbeats { get; }

    /// <summary>Records what was seen of jobs, as in <see cref="Jobs.JobRows.Seen"/>; rows: cluster of each job that changed.</summary>
    public abstract string RecordJobs { get; }

    /// <summary>Starts and their stops, neither being tried. Parameters <c>backend</c>, <c>max</c>; rows: start id, stop id, attempts of the start, job, kind, cluster.</summary>
    public abstract string OvertakenStarts { get; }

    /// <summary>Claims entries. Parameters <c>backend</c>, <c>node</c>, <c>max</c>, <c>lease</c>; rows: see <see cref="Jobs.JobStore"/>.</summary>
    public abstract string ClaimOutbox { get; }

    /// <summary>Names the updated table's columns in RETURNING: where other tables take part, one provider needs the alias and the other refuses it.</summary>
    public abstract string Returned(string alias);

    /// <summary>The later of two times.</summary>
    public abstract string Later(string left, string right);

    /// <summary>Something to select from, with the columns of the row set.</summary>
    public abstract string From<T>(RowSet<T> rows);

    /// <summary>Binds rows to what <see cref="From"/> names.</summary>
    public abstract void Bind<T>(DbCommand command, RowSet<T> rows, IReadOnlyCollection<T> items);

    /// <summary>When a woken cluster can be claimed: now, or when the lease on it runs out.</summary>
    public string DueNow(string table) => Later(Now, $"COALESCE({table}.lease_until, 0)");
}
