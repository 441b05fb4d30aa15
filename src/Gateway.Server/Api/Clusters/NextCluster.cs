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

    private Identity? _ready;
    private int _preparing;

    /// <summary>Whether the next one need not be made first.</summary>
    public bool IsReady => Volatile.Read(ref _ready) is not null;

    /// <summary>Gives each out once.</summary>
    public (string Name, ClusterCredentials Credentials) Take()
    {
        var ready = Interlocked.Exchange(ref _ready, null);
        var next = ready is not null && time.GetElapsedTime(ready.Made) < LongestWait ? ready : Make();
        if (Interlocked.Exchange(ref _preparing, 1) == 0)
        {
            _ = PrepareAsync();
        }

        return (next.Name, next.Credentials);
    }

    private async Task PrepareAsync()
    {
        await Task.Delay(Pause, time);
        Volatile.Write(ref _preparing, 0);
        try
        {
            Volatile.Write(ref _ready, Make());
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The next cluster's certificate could not be made ahead")]
    private partial void LogNotPrepared(Exception exception);

    private sealed record Identity(string Name, ClusterCredentials Credentials, long Made);
}
