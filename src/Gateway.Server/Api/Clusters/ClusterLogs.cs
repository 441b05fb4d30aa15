using System.Buffers;
using System.Text;
using Gateway.Core;
using Gateway.Core.Backends;
using Gateway.Core.Clusters;
using Gateway.Core.Options;
using Gateway.Core.Store;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>What a cluster's scheduler and workers have written.</summary>
internal static class ClusterLogs
{
    private const int UsualPage = 64 << 10;
    private const int LargestPage = 1 << 20;

    // UTF-8 characters are 4 bytes at most: no more than 3 of the last one can be on the next page.
    private const int LongestTail = 3;

    /// <summary>Part of a job's output.</summary>
    /// <param name="Text">The bytes as UTF-8; what is none is replaced.</param>
    /// <param name="NextOffset">What to give as <c>offset</c> for what follows.</param>
    /// <param name="Length">Bytes there are in all, where known.</param>
    internal sealed record LogPage(string Text, long NextOffset, long? Length);

    public static async Task<JsonAnswer<LogPage>> HandleAsync(
        string name, HttpContext http, ClusterDoor door, IClusterStore store, IJobLogs logs, CancellationToken cancellationToken)
    {
        await door.UseAsync(name, http.GetCaller(), cancellationToken);
        var stream = Stream(http.Request.Query["stream"].ToString());
        var offset = http.Request.Number("offset", 0, long.MinValue + 1, long.MaxValue);
        var max = (int)http.Request.Number("max", UsualPage, LongestTail + 1, LargestPage);
        var job = await FindAsync(name, http.Request.Query["worker"].ToString(), store, cancellationToken);
        var log = await logs.ReadAsync(job, stream, offset, max, cancellationToken)
            ?? throw new PublicException(404, $"There is no output of {job.Name}: it has written none, or it was removed.");
        return JsonAnswers.Answer(Show(log), ApiJson.Answers.LogPage);
    }

    private static async Task<Job> FindAsync(string cluster, string worker, IClusterStore store, CancellationToken cancellationToken)
    {
        if (worker.Length == 0)
        {
            return await store.JobAsync(cluster, cancellationToken) ?? throw new PublicException(404, $"The scheduler of cluster {cluster} has not been started yet.");
        }

        return await store.JobAsync(worker, cancellationToken) is { } job && job.Cluster == cluster
            ? job
            : throw new PublicException(404, $"Cluster {cluster} has no worker '{JsonText.Show(worker)}' that was started.");
    }

    private static JobOutput Stream(string name) => name switch
    {
        "" or "error" => JobOutput.Error,
        "output" => JobOutput.Output,
        _ => throw new PublicException(422, $"stream must be output or error, got '{JsonText.Show(name)}'."),
    };

    private static LogPage Show(JobLog log)
    {
        var bytes = log.Bytes.Span;
        var tail = Tail(bytes);
        return new(Encoding.UTF8.GetString(bytes[..^tail]), log.NextOffset - tail, log.Length);
    }

    // How many bytes at the end begin a character that they do not end; none where there is nothing else, or a reader would get nowhere.
    private static int Tail(ReadOnlySpan<byte> bytes)
    {
        for (var tail = 1; tail <= LongestTail && tail < bytes.Length; tail++)
        {
            if (Rune.DecodeFromUtf8(bytes[^tail..], out _, out _) == OperationStatus.NeedMoreData)
            {
                return tail;
            }
        }

        return 0;
    }
}
