using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Options;

namespace Gateway.Server.Hosting;

/// <summary>Asks the backends of a new cluster whether they would take its jobs.</summary>
internal sealed class BackendSpecCheck(BackendRegistry backends, TimeProvider time) : ISpecCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<string?> CheckAsync(ClusterSpec spec, CancellationToken cancellationToken)
    {
        foreach (string name in new[] { spec.SchedulerBackend, spec.WorkerBackend }.OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (backends.Find(name) is not { } instance)
            {
                return $"The backend '{name}' is not configured here; configured are {string.Join(", ", backends.Names.Order(StringComparer.Ordinal))}.";
            }

            using var timeout = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                if (await instance.Backend.CheckSpecAsync(spec, either.Token) is { } refusal)
                {
                    return refusal;
                }
            }
            catch (Exception e) when (e is BackendUnavailableException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // What cannot be found out now is found out when the job starts.
                continue;
            }
        }

        return null;
    }
}
