using Gateway.Core.Clusters;
using Gateway.Core.People;
using Gateway.Core.Store;

namespace Gateway.Server.Api.Clusters;

/// <summary>Shows clusters to those who may see them, with credentials to those who may use them.</summary>
internal sealed partial class ClusterReports(IClusterStore store, ILogger<ClusterReports> logger)
{
    private static readonly IReadOnlyDictionary<string, ClusterCredentials> None = new Dictionary<string, ClusterCredentials>();

    public async Task<ClusterReport> MakeAsync(ClusterView view, Caller caller, CancellationToken cancellationToken)
    {
        var credentials = Needs(view, caller) ? await store.CredentialsAsync([view.Cluster.Name], cancellationToken) : None;
        return Make(view, credentials);
    }

    public async Task<Dictionary<string, ClusterReport>> MakeAsync(IReadOnlyList<ClusterView> views, Caller caller, CancellationToken cancellationToken)
    {
        var names = views.Where(view => Needs(view, caller)).Select(view => view.Cluster.Name).ToList();
        var credentials = names.Count == 0 ? None : await ReadableAsync(names, cancellationToken);
        var reports = new Dictionary<string, ClusterReport>(views.Count);
        foreach (var view in views)
        {
            reports[view.Cluster.Name] = Make(view, credentials);
        }

        return reports;
    }

    private static bool Needs(ClusterView view, Caller caller) => view.Phase == ClusterPhase.Running && ClusterAccess.MayUse(caller, view.Cluster);

    // One cluster under a lost key must not hide the others.
    private async Task<IReadOnlyDictionary<string, ClusterCredentials>> ReadableAsync(List<string> names, CancellationToken cancellationToken)
    {
        try
        {
            return await store.CredentialsAsync(names, cancellationToken);
        }
        catch (MissingKeyException e)
        {
            LogMissingKey(e, string.Join(", ", e.Rows));
            var readable = names.Except(e.Rows).ToList();
            return readable.Count == 0 || readable.Count == names.Count ? None : await ReadableAsync(readable, cancellationToken);
        }
    }

    private static ClusterReport Make(ClusterView view, IReadOnlyDictionary<string, ClusterCredentials> credentials)
    {
        var cluster = view.Cluster;
        var secrets = credentials.GetValueOrDefault(cluster.Name);
        return new(
            cluster.Name,
            ClusterStatus.Show(view.Phase),
            view.Phase == ClusterPhase.Running && cluster.DashboardAddress is { Length: > 0 } ? $"/clusters/{cluster.Name}/status" : null,
            cluster.CreatedAt.ToUnixTimeMilliseconds(),
            cluster.EndedAt?.ToUnixTimeMilliseconds(),
            new(cluster.Options),
            secrets?.Certificate,
            secrets?.Key);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Credentials of {Clusters} are encrypted under a key that is not configured")]
    private partial void LogMissingKey(Exception exception, string clusters);
}
