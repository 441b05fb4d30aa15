using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Options;
using Gateway.Core.Store;

namespace Gateway.Server.Api.Clusters;

/// <summary>Name and secrets of the next cluster, made before anybody asks: a certificate takes as long as all else that the answer to a create waits for.</summary>
internal sealed partial class NextCluster(ClusterPolicy policy, TimeProvider time, ILogger<NextCluster> logger)
{
    // Behind what the create before has set going.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.2);

    // Added to each certificate's lifetime: one that has waited is still good for as long as is configured.
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private Identity? _ready;

    /// <summary>Ends when the next one need not be made first, or could not be made.</summary>
    public Task Preparing { get; private set; } = Task.CompletedTask;

    /// <summary>Gives each out once.</summary>
    public (string Name, ClusterCredentials Credentials) Take()
    {
        Identity? ready;
        lock (_lock)
        {
            (ready, _ready) = (_ready, null);
            if (Preparing.IsCompleted)
            {
                Preparing = PrepareAsync();
            }
        }

        var next = ready is not null && time.GetElapsedTime(ready.Made) < LongestWait ? ready : Make();
        return (next.Name, next.Credentials);
    }

    private async Task PrepareAsync()
    {
        await Task.Delay(Pause, time);
        try
        {
            var next = Make();
            lock (_lock)
            {
                _ready = next;
            }
        }
#pragma warning disable CA1031 // The create that finds none makes its own, and tells whoever asked why it cannot.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotPrepared(e);
        }
    }

    private Identity Make()
    {
        var name = RandomName.ForCluster();
        return new(name, ClusterSecrets.Create(name, time.GetUtcNow(), policy.Defaults.CertificateLifetime + LongestWait), time.GetTimestamp());
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The next cluster's certificate could not be made ahead; the next create makes its own.")]
    private partial void LogNotPrepared(Exception exception);

    private sealed record Identity(string Name, ClusterCredentials Credentials, long Made);
}
