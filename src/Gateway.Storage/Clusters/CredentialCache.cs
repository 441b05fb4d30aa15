using System.Collections.Concurrent;
using Gateway.Core.Store;

namespace Gateway.Storage.Clusters;

/// <summary>Credentials opened a short while ago: clients ask for their cluster again and again, and a cluster's credentials never change.</summary>
internal sealed class CredentialCache(TimeProvider time)
{
    private const int Most = 1000;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, (ClusterCredentials Credentials, long Since)> _kept = new(StringComparer.Ordinal);

    /// <summary>A cluster's credentials; null where they are not kept, or no longer.</summary>
    public ClusterCredentials? Find(string cluster)
    {
        if (!_kept.TryGetValue(cluster, out var kept))
        {
            return null;
        }

        if (time.GetElapsedTime(kept.Since) < Kept)
        {
            return kept.Credentials;
        }

        _kept.TryRemove(cluster, out _);
        return null;
    }

    public void Keep(string cluster, ClusterCredentials credentials)
    {
        if (_kept.Count >= Most)
        {
            _kept.Clear();
        }

        _kept[cluster] = (credentials, time.GetTimestamp());
    }
}
