using Gateway.Core.Store;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>A cluster's timeline: why something waits or failed.</summary>
internal static class ClusterEvents
{
    private const int UsualPage = 200;
    private const int LargestPage = 1000;

    /// <summary>Part of a timeline, oldest first.</summary>
    /// <param name="Events">The lines.</param>
    /// <param name="Next">What to give as <c>after</c> for what follows.</param>
    internal sealed record Timeline(IReadOnlyList<EventLine> Events, long Next);

    /// <summary>One line.</summary>
    /// <param name="Id">Grows with time.</param>
    /// <param name="Time">Milliseconds since 1970.</param>
    /// <param name="Kind">Such as <c>worker.failed</c>.</param>
    /// <param name="Worker">The worker it is about; null: the cluster or its scheduler.</param>
    /// <param name="Count">How many workers it speaks of, where it stands for several; else null.</param>
    /// <param name="Message">A sentence.</param>
    internal sealed record EventLine(long Id, long Time, string Kind, string? Worker, int? Count, string Message);

    public static async Task<JsonAnswer<Timeline>> HandleAsync(string name, HttpContext http, ClusterDoor door, IClusterStore store, CancellationToken cancellationToken)
    {
        await door.SeeAsync(name, http.GetCaller(), cancellationToken);
        var after = http.Request.Number("after", 0, 0, long.MaxValue);
        var max = (int)http.Request.Number("max", UsualPage, 1, LargestPage);
        var events = await store.EventsAsync(name, after, max, cancellationToken);
        return JsonAnswers.Answer(
            new Timeline([.. events.Select(line => new EventLine(line.Id, line.At.ToUnixTimeMilliseconds(), line.Kind, line.Worker, line.Count, line.Message))], events.Count > 0 ? events[^1].Id : after),
            ApiJson.Answers.Timeline);
    }
}
