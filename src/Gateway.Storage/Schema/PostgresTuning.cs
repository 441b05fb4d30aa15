using Microsoft.EntityFrameworkCore;

namespace Gateway.Storage.Schema;

/// <summary>Storage parameters of the tables that are updated all the time.</summary>
internal static class PostgresTuning
{
    public static void Apply(ModelBuilder modelBuilder)
    {
        // Room on the page keeps an update that changes no index on it; a heartbeat kept out of line is not copied when only its time changes.
        modelBuilder.Entity<InboxRow>()
            .HasStorageParameter("fillfactor", 60)
            .HasStorageParameter("toast_tuple_target", 256)
            .HasStorageParameter("autovacuum_vacuum_scale_factor", 0.02)
            .HasStorageParameter("autovacuum_vacuum_cost_delay", 0);
        modelBuilder.Entity<ClusterRow>().HasStorageParameter("fillfactor", 80);
        modelBuilder.Entity<WorkerRow>().HasStorageParameter("fillfactor", 80);
        modelBuilder.Entity<JobRow>().HasStorageParameter("fillfactor", 80);
        modelBuilder.Entity<OutboxRow>()
            .HasStorageParameter("autovacuum_vacuum_scale_factor", 0.02)
            .HasStorageParameter("autovacuum_vacuum_cost_delay", 0);
    }
}
