using Gateway.Core.Options;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Api;

/// <summary>Section <c>Server</c>, as far as the API is concerned.</summary>
internal sealed record ApiSettings
{
    public const string Section = "Server";

    // A service that JupyterHub starts learns its prefix from this variable.
    private const string HubPrefix = "JUPYTERHUB_SERVICE_PREFIX";

    private const int LargestBody = 1 << 30;

    /// <summary>Prefix of every path, with a slash in front and none at the end; empty: none.</summary>
    public string PathBase { get; init; } = "";

    /// <summary>Most bytes of a request's body.</summary>
    public int MaxBodySize { get; init; } = 1 << 20;

    /// <summary>Most bytes of a heartbeat's body: it grows with the workers that have gone.</summary>
    public int MaxHeartbeatSize { get; init; } = 16 << 20;

    /// <summary>How long <c>?wait</c> holds an answer.</summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long one try to tell a scheduler something may take; there are three.</summary>
    public TimeSpan SchedulerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <exception cref="OptionsValidationException">Each message names a full key, the value and what is allowed.</exception>
    public static ApiSettings Read(IConfiguration configuration)
    {
        var failures = new List<string>();
        var server = new SettingsReader(configuration.GetSection(Section), failures);
        var defaults = new ApiSettings();
        var settings = new ApiSettings
        {
            PathBase = ReadPathBase(server, configuration[HubPrefix]),
            MaxBodySize = ReadSize(server, "MaxBodySize") ?? defaults.MaxBodySize,
            MaxHeartbeatSize = ReadSize(server, "MaxHeartbeatSize") ?? defaults.MaxHeartbeatSize,
            WaitTimeout = server.Time("WaitTimeout") ?? defaults.WaitTimeout,
            SchedulerTimeout = server.Time("SchedulerTimeout") ?? defaults.SchedulerTimeout,
        };

        return failures.Count == 0 ? settings : throw new OptionsValidationException(Section, typeof(ApiSettings), failures);
    }

    private static string ReadPathBase(SettingsReader server, string? hubPrefix)
    {
        var path = (server.Text("PathBase") ?? hubPrefix ?? "").Trim('/');
        if (path.Length > 0 && !Uri.IsWellFormedUriString("/" + path, UriKind.Relative) || path.AsSpan().ContainsAny('?', '#', '%'))
        {
            server.Fail("PathBase", $"is '{path}'; it must be a plain path such as /services/dask-gateway");
        }

        return path.Length == 0 ? "" : "/" + path;
    }

    private static int? ReadSize(SettingsReader server, string key)
    {
        var size = server.Size(key);
        if (size > LargestBody)
        {
            server.Fail(key, $"is {MemorySize.Format(size.Value)}; it must be at most {MemorySize.Format(LargestBody)}");
        }

        return (int?)Math.Min(size ?? 0, LargestBody) is > 0 and var bytes ? bytes : null;
    }
}
