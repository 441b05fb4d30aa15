using Gateway.Core.Options;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Api;

/// <summary>Section <c>Server</c>, as far as the API is concerned.</summary>
internal sealed record ApiSettings
{
    public const string Section = "Server";

    private const int LargestBody = 1 << 30;

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
            MaxBodySize = ReadSize(server, "MaxBodySize") ?? defaults.MaxBodySize,
            MaxHeartbeatSize = ReadSize(server, "MaxHeartbeatSize") ?? defaults.MaxHeartbeatSize,
            WaitTimeout = server.Time("WaitTimeout") ?? defaults.WaitTimeout,
            SchedulerTimeout = server.Time("SchedulerTimeout") ?? defaults.SchedulerTimeout,
        };

        return failures.Count == 0 ? settings : throw new OptionsValidationException(Section, typeof(ApiSettings), failures);
    }

    private static int? ReadSize(SettingsReader server, string key)
    {
        var size = server.Size(key);
        if (size <= LargestBody)
        {
            return (int)size;
        }

        if (size is { } tooLarge)
        {
            server.Fail(key, $"is {MemorySize.Format(tooLarge)}; it must be at most {MemorySize.Format(LargestBody)}");
        }

        return null;
    }
}
