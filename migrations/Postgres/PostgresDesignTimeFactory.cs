using Gateway.Storage.Schema;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Gateway.Migrations.Postgres;

/// <summary>For <c>dotnet ef</c> alone: no database is opened.</summary>
internal sealed class PostgresDesignTimeFactory : IDesignTimeDbContextFactory<GatewayDbContext>
{
    public GatewayDbContext CreateDbContext(string[] args) => new(
        new DbContextOptionsBuilder<GatewayDbContext>()
            .UseNpgsql("Host=design", npgsql => npgsql.MigrationsAssembly(typeof(PostgresDesignTimeFactory).Assembly.GetName().Name))
            .Options);
}
