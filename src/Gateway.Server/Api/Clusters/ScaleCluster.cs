using Gateway.Core;
using Gateway.Core.Dask;
using Gateway.Core.Options;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>Asks for a number of workers.</summary>
internal static class ScaleCluster
{
    /// <summary>The body.</summary>
    /// <param name="Count">How many workers, 0 or more.</param>
    internal sealed record Request(int Count);

    public static async Task<JsonAnswer<ScaleAnswer>> HandleAsync(
        string name, HttpContext http, ApiSettings settings, ClusterDoor door, SchedulerDesk desk, SchedulerClient scheduler, CancellationToken cancellationToken)
    {
        // Unknown and foreign clusters end here, with 404 and 403, before the body is looked at.
        var view = await door.UseAsync(name, http.GetCaller(), cancellationToken);
        using var body = await RequestBody.ReadObjectAsync(http.Request, settings.MaxBodySize, cancellationToken);
        var asked = body.RootElement.WholeNumber("count", optional: false)!.Value;
        var written = JsonText.Show(body.RootElement.GetProperty("count"));
        var limit = view.Cluster.Spec.MaxWorkers;
        if (limit is null && asked > int.MaxValue)
        {
            throw new PublicException(422, $"count must be at most {int.MaxValue}, got {written}.");
        }

        var count = (int)Math.Min(asked, limit ?? int.MaxValue);
        await desk.SendAsync(view, $"{count} workers were asked for.", (address, token) => scheduler.ScaleAsync(name, address, token, count, cancellationToken), cancellationToken);
        return JsonAnswers.Answer(
            count == asked ? new(true, null) : new(false, $"{written} workers are more than the {count} that this cluster may have. Scaling to {count} instead."),
            ApiJson.Answers.ScaleAnswer);
    }
}
