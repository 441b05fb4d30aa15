namespace Gateway.Core.Dask;

/// <summary>What is wrong with a <c>Dask</c> section, each failure with its full key, the value and what is allowed.</summary>
internal static class DaskSettingsValidator
{
    public static IEnumerable<string> Failures(string path, DaskSettings dask)
    {
        foreach (var (name, command) in new[] { (nameof(dask.SchedulerCommand), dask.SchedulerCommand), (nameof(dask.WorkerCommand), dask.WorkerCommand) })
        {
            if (command.Count > 0 && string.IsNullOrWhiteSpace(command[0]))
            {
                yield return $"{path}:{name}:0 is blank; needed is an executable, with arguments if any.";
            }
        }

        foreach (var (name, port) in new[] { (nameof(dask.SchedulerPort), dask.SchedulerPort), (nameof(dask.DashboardPort), dask.DashboardPort), (nameof(dask.ApiPort), dask.ApiPort) })
        {
            if (port is < 0 or > 65535)
            {
                yield return $"{path}:{name} is {port}; allowed are 0 (any free port) to 65535.";
            }
        }

        foreach (var (name, ports) in new[] { (nameof(dask.WorkerPorts), dask.WorkerPorts), (nameof(dask.NannyPorts), dask.NannyPorts) })
        {
            if (ports.Length > 0 && !IsPorts(ports))
            {
                yield return $"{path}:{name} is '{ports}'; allowed is a port or first:last, 1 to 65535.";
            }
        }

        if (dask.SchedulerHost.Contains(':', StringComparison.Ordinal))
        {
            yield return $"{path}:SchedulerHost is '{dask.SchedulerHost}'; allowed is a name or an IPv4 address (the plugin's address has exactly one colon).";
        }

        foreach (var (name, seconds) in new[] { (nameof(dask.AdaptivePeriod), dask.AdaptivePeriod), (nameof(dask.DeathTimeout), dask.DeathTimeout) })
        {
            if (!(seconds > 0 && seconds <= 86400))
            {
                yield return $"{path}:{name} is {seconds}; allowed are seconds above 0, up to 86400.";
            }
        }

        if (!(dask.HeartbeatPeriod >= 1 && dask.HeartbeatPeriod <= 3600))
        {
            yield return $"{path}:HeartbeatPeriod is {dask.HeartbeatPeriod}; allowed are 1 to 3600 seconds.";
        }

        foreach (var (name, seconds) in new[] { (nameof(dask.LifetimeMargin), dask.LifetimeMargin), (nameof(dask.LifetimeStagger), dask.LifetimeStagger), (nameof(dask.ReplaceAhead), dask.ReplaceAhead) })
        {
            if (!(seconds >= 0 && seconds <= 86400))
            {
                yield return $"{path}:{name} is {seconds}; allowed are 0 to 86400 seconds.";
            }
        }

        if (dask.WorkerRoute == WorkerRoute.Proxy && !IsHostAndPort(dask.ProxyAddress))
        {
            yield return $"{path}:ProxyAddress is '{dask.ProxyAddress}'; with WorkerRoute = Proxy it must be the gateway's host:port as workers reach it.";
        }
    }

    private static bool IsPorts(string ports)
    {
        var parts = ports.Split(':');
        return parts.Length <= 2 && parts.All(p => int.TryParse(p, out int port) && port is > 0 and <= 65535)
            && (parts.Length == 1 || int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture) <= int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    private static bool IsHostAndPort(string address) =>
        Uri.TryCreate($"tls://{address}", UriKind.Absolute, out var uri) && uri.Port > 0 && uri.Host.Length > 0 && uri.PathAndQuery.Trim('/').Length == 0;
}
