using Gateway.Core.Clusters;
using Gateway.Core.Store;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>A cluster's workers and what became of each.</summary>
internal static class ClusterWorkers
{
    private const int UsualPage = 1000;
    private const int LargestPage = 10_000;

    /// <summary>Workers, newest first, ended ones included.</summary>
    /// <param name="Workers">The workers.</param>
    internal sealed record WorkerList(IReadOnlyList<WorkerLine> Workers);

    /// <summary>One worker. Times are milliseconds since 1970.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Status"><c>SUBMITTED</c>, <c>CONNECTED</c>, <c>RETIRING</c>, <c>STOPPING</c>, <c>STOPPED</c> or <c>FAILED</c>.</param>
    /// <param name="Reason">Why, in a sentence, where there is something to say.</param>
    /// <param name="Backend">The backend that runs its job.</param>
    /// <param name="Job"><c>PENDING</c>, <c>RUNNING</c>, <c>HELD</c> or <c>ENDED</c>; null: not started yet.</param>
    /// <param name="Host">The machine it runs on, where known.</param>
    /// <param name="ExitCode">How its process ended, where known: exit code, or 128 + signal.</param>
    /// <param name="SubmittedTime">When it was asked for.</param>
    /// <param name="ConnectedTime">When its scheduler first saw it.</param>
    /// <param name="StopTime">When it ended.</param>
    internal sealed record WorkerLine(
        string Name,
        string Status,
        string? Reason,
        string Backend,
        string? Job,
        string? Host,
        int? ExitCode,
        long SubmittedTime,
        long? ConnectedTime,
        long? StopTime);

    public static async Task<JsonAnswer<WorkerList>> HandleAsync(string name, HttpContext http, ClusterDoor door, IClusterStore store, CancellationToken cancellationToken)
    {
        await door.SeeAsync(name, http.GetCaller(), cancellationToken);
        var max = (int)http.Request.Number("max", UsualPage, 1, LargestPage);
        var workers = await store.WorkersAsync(name, max, cancellationToken);
        return JsonAnswers.Answer(new WorkerList([.. workers.Select(view => Show(view.Worker, view.Job))]), ApiJson.Answers.WorkerList);
    }

    private static WorkerLine Show(Worker worker, Job? job) => new(
        worker.Name,
        worker.Phase.ToString().ToUpperInvariant(),
        worker.Reason ?? job?.Reason,
        worker.Backend,
        job?.State.ToString().ToUpperInvariant(),
        job?.Host,
        job?.ExitCode,
        worker.SubmittedAt.ToUnixTimeMilliseconds(),
        worker.ConnectedAt?.ToUnixTimeMilliseconds(),
        worker.EndedAt?.ToUnixTimeMilliseconds());
}
