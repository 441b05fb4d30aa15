using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Gateway.Storage.Schema;

/// <summary>The one model, for both providers.</summary>
internal sealed class GatewayDbContext(DbContextOptions<GatewayDbContext> options) : DbContext(options)
{
    private const string Live = "ended_at IS NULL";

    public DbSet<ClusterRow> Clusters => Set<ClusterRow>();

    public DbSet<CredentialRow> Credentials => Set<CredentialRow>();

    public DbSet<InboxRow> Inbox => Set<InboxRow>();

    public DbSet<WorkerRow> Workers => Set<WorkerRow>();

    public DbSet<JobRow> Jobs => Set<JobRow>();

    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();

    public DbSet<EventRow> Events => Set<EventRow>();

    public DbSet<UserRow> Users => Set<UserRow>();

    public DbSet<IdentityRow> Identities => Set<IdentityRow>();

    public DbSet<ReplicaRow> Replicas => Set<ReplicaRow>();

    public DbSet<ProtectionKeyRow> ProtectionKeys => Set<ProtectionKeyRow>();

    public DbSet<FactRow> Facts => Set<FactRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<Micros.Converter>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ClusterRow>(ConfigureClusters);
        modelBuilder.Entity<CredentialRow>(table =>
        {
            table.ToTable("credentials").HasKey(r => r.Cluster);
            table.HasIndex(r => new { r.KeyId, r.Cluster });
        });
        modelBuilder.Entity<InboxRow>(table =>
        {
            table.ToTable("cluster_inbox").HasKey(r => r.Cluster);
            table.HasIndex(r => r.DueAt).HasFilter("due_at IS NOT NULL");
        });
        modelBuilder.Entity<WorkerRow>(table =>
        {
            table.ToTable("workers").HasKey(r => r.Name);
            table.HasIndex(r => new { r.Cluster, r.SubmittedAt });
            table.HasIndex(r => r.Cluster, "ix_workers_live").HasFilter(Live);
        });
        modelBuilder.Entity<JobRow>(ConfigureJobs);
        modelBuilder.Entity<OutboxRow>(table =>
        {
            table.ToTable("outbox").HasKey(r => r.Id);
            table.HasIndex(r => new { r.Job, r.Action }).IsUnique();
            table.HasIndex(r => new { r.Backend, r.DueAt });
            table.HasIndex(r => new { r.Backend, r.DueAt }, "ix_outbox_stops").HasFilter("action = 'Stop'");
            table.HasIndex(r => r.Cluster);
        });
        modelBuilder.Entity<EventRow>(table =>
        {
            table.ToTable("events").HasKey(r => r.Id);
            table.HasIndex(r => new { r.Cluster, r.Id });
        });
        modelBuilder.Entity<UserRow>().ToTable("users").HasKey(r => r.Id);
        modelBuilder.Entity<IdentityRow>().ToTable("identities").HasKey(r => new { r.Scheme, r.Issuer, r.Subject });
        modelBuilder.Entity<ReplicaRow>().ToTable("replicas").HasKey(r => r.Name);
        modelBuilder.Entity<ContinuityRow>().ToTable("continuity").HasKey(r => new { r.Backend, r.Node });
        modelBuilder.Entity<ClientCountRow>(table =>
        {
            table.ToTable("client_counts").HasKey(r => new { r.Replica, r.Cluster });
            table.HasIndex(r => r.Cluster);
        });
        modelBuilder.Entity<DutyRow>().ToTable("duties").HasKey(r => r.Name);
        modelBuilder.Entity<ProtectionKeyRow>().ToTable("protection_keys").HasKey(r => r.Name);
        modelBuilder.Entity<FactRow>(table =>
        {
            table.ToTable("facts").HasKey(r => r.Name);
            table.HasData(
                new FactRow { Name = FactRow.Level, Value = $"{SchemaLevels.Current}" },
                new FactRow { Name = FactRow.CompatibleLevel, Value = $"{SchemaLevels.Compatible}" });
        });
        if (Database.IsNpgsql())
        {
            PostgresTuning.Apply(modelBuilder);
        }

        SnakeCase.Apply(modelBuilder);
    }

    private static void ConfigureClusters(EntityTypeBuilder<ClusterRow> table)
    {
        table.ToTable("clusters").HasKey(r => r.Name);
        table.HasIndex(r => r.CreatedAt);
        table.HasIndex(r => r.CreatedAt, "ix_clusters_live").HasFilter(Live);
        table.HasIndex(r => new { r.OwnerId, r.CreatedAt });
        table.HasIndex(r => new { r.OwnerId, r.CreatedAt }, "ix_clusters_live_of_owner").HasFilter(Live);
        table.HasIndex(r => r.EndedAt).HasFilter("ended_at IS NOT NULL");
    }

    private static void ConfigureJobs(EntityTypeBuilder<JobRow> table)
    {
        table.ToTable("jobs").HasKey(r => r.Name);
        table.HasIndex(r => r.Cluster);
        table.HasIndex(r => new { r.Backend, r.Name }, "ix_jobs_live_by_name").HasFilter(Live);
        table.HasIndex(r => new { r.Backend, r.EndedAt }, "ix_jobs_unclean").HasFilter("ended_at IS NOT NULL AND NOT clean");
    }
}
