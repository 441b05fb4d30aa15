using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Gateway.Storage.Sessions;

/// <summary>EF's own log lines: each statement is a detail, and a failure is told once, by whoever meets it.</summary>
internal static class QuietLog
{
    public static void Apply(WarningsConfigurationBuilder warnings) => warnings.Log(
        (RelationalEventId.CommandExecuted, LogLevel.Debug),
        (RelationalEventId.CommandError, LogLevel.Debug),
        (RelationalEventId.ConnectionError, LogLevel.Debug),
        (RelationalEventId.TransactionError, LogLevel.Debug),
        (CoreEventId.SaveChangesFailed, LogLevel.Debug),
        (CoreEventId.QueryIterationFailed, LogLevel.Debug),
        (CoreEventId.QueryCanceled, LogLevel.Debug),
        (CoreEventId.SaveChangesCanceled, LogLevel.Debug));
}
