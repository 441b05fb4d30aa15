using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Gateway.Storage.Schema;

/// <summary>
/// The schema by Entity Framework, which migrations are made and applied with. Nothing else asks for it: loading it and building its model takes
/// longer than the rest of a start, and stays in memory.
/// </summary>
internal static class GatewayModel
{
    /// <param name="provider">Says which database, and where.</param>
    public static GatewayDbContext NewContext(ILoggerFactory loggers, Action<DbContextOptionsBuilder> provider)
    {
        var builder = new DbContextOptionsBuilder<GatewayDbContext>();
        provider(builder);
        builder
            .UseLoggerFactory(loggers)
            .ConfigureWarnings(Quieten)
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking);
        return new GatewayDbContext(builder.Options);
    }

    // Each statement is a detail, and a failure is told once, by whoever meets it.
    private static void Quieten(WarningsConfigurationBuilder warnings) => warnings.Log(
        (RelationalEventId.CommandExecuted, LogLevel.Debug),
        (RelationalEventId.CommandError, LogLevel.Debug),
        (RelationalEventId.ConnectionError, LogLevel.Debug),
        (RelationalEventId.TransactionError, LogLevel.Debug));
}
