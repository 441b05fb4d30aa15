using System.Globalization;
using Gateway.Core;
using Gateway.Core.Dask;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>Lets the scheduler choose how many workers it wants, within bounds.</summary>
internal static class AdaptCluster
{
    /// <summary>The body.</summary>
    /// <param name="Minimum">Fewest workers; null: none need be.</param>
    /// <param name="Maximum">Most workers; null: as many as the cluster may have.</param>
    /// <param name="Active">False ends adaptive scaling and keeps the workers.</param>
    internal sealed record Request(int? Minimum = null, int? Maximum = null, bool Active = true);

    public static async Task<JsonAnswer<ScaleAnswer>> HandleAsync(
        string name, HttpContext http, ApiSettings settings, ClusterDoor door, SchedulerDesk desk, SchedulerClient scheduler, CancellationToken cancellationToken)
    {
        var view = await door.UseAsync(name, http.GetCaller(), cancellationToken);
        using var body = await RequestBody.ReadObjectAsync(http.Request, settings.MaxBodySize, cancellationToken);
        var minimum = body.RootElement.WholeNumber("minimum", optional: true);
        var maximum = body.RootElement.WholeNumber("maximum", optional: true);
        var active = body.RootElement.Flag("active", missing: true);
        if (minimum > maximum)
        {
            throw new PublicException(422, $"minimum must not be above maximum, got {minimum} and {maximum}.");
        }

        var limit = view.Cluster.Spec.MaxWorkers;
        var (low, high) = Clamp(minimum, maximum, limit);
        string what = active ? $"Between {low ?? 0} and {Text(high)} workers were asked for, as there is work." : "Adaptive scaling was ended; the workers stay.";
        await desk.SendAsync(view, what, (address, token) => scheduler.AdaptAsync(name, address, token, low, high, active, cancellationToken), cancellationToken);
        return JsonAnswers.Answer(
            (minimum ?? low) == low && (maximum ?? high) == high
                ? new(true, null)
                : new(false, $"Between {Text(minimum)} and {Text(maximum)} workers were asked for, and this cluster may have {limit}. Using `maximum={high}, minimum={low}` instead."),
            ApiJson.Answers.ScaleAnswer);
    }

    private static (int? Minimum, int? Maximum) Clamp(long? minimum, long? maximum, int? limit) => limit is { } most
        ? ((int)Math.Min(minimum ?? 0, most), (int)Math.Min(maximum ?? most, most))
        : (Checked("minimum", minimum), Checked("maximum", maximum));

    private static int? Checked(string name, long? value) => value > int.MaxValue
        ? throw new PublicException(422, $"{name} must be at most {int.MaxValue}.")
        : (int?)value;

    private static string Text(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "any number of";
}
