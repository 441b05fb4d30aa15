namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>Says why jobs wait: their place among their owner's, and what the negotiator said.</summary>
/// <remarks>Places are rounded, so that a long queue does not change the reason of every job at every listing.</remarks>
internal static class WaitingExplainer
{
    /// <summary>Reasons for the idle jobs of a listing.</summary>
    /// <param name="ads">All jobs of one schedd.</param>
    /// <param name="analysis">What an analysis has found of a job that no machine matches; null: none was made.</param>
    public static IReadOnlyDictionary<JobId, string> Explain(IEnumerable<JobAd> ads, Func<JobAd, string?> analysis)
    {
        var reasons = new Dictionary<JobId, string>();
        foreach (var owner in ads.Where(ad => ad.Status == 1 && ad.Starts == 0).GroupBy(ad => ad.Account))
        {
            var ahead = 0;
            foreach (var ad in owner.OrderByDescending(ad => ad.Priority).ThenBy(ad => ad.Id))
            {
                reasons[ad.Id] = $"It waits in the queue{Place(ahead++)}. {Why(ad, analysis)}";
            }
        }

        return reasons;
    }

    private static string Place(int ahead) => Round(ahead) switch
    {
        0 => "",
        <= 3 and var round => $" behind {round} of the same user's jobs",
        var round => $" behind about {round} of the same user's jobs",
    };

    /// <summary>Up to 3 exactly, then to 1, 2 or 5 of a power of ten.</summary>
    internal static int Round(int number)
    {
        if (number <= 3)
        {
            return number;
        }

        var power = 1;
        while (true)
        {
            foreach (var step in (int[])[1, 2, 5])
            {
                // Half way to the next step.
                var next = step == 5 ? 10 : step == 2 ? 5 : 2;
                if (number <= (step + next) * power / 2)
                {
                    return step * power;
                }
            }

            power *= 10;
        }
    }

    private static string Why(JobAd ad, Func<JobAd, string?> analysis)
    {
        var asks = $"{ad.RequestCpus ?? 1} cores and {ad.RequestMemory ?? 0} MiB";
        return ad.Rejected?.Trim() switch
        {
            null => "The negotiator has not looked at it yet, or a machine was just found for it.",
            var reason when reason.StartsWith("no match found", StringComparison.OrdinalIgnoreCase) =>
                analysis(ad) ?? $"No free machine fits now: it asks for {asks}.",
            var reason when reason.Contains("concurrency limit", StringComparison.OrdinalIgnoreCase) => $"A limit on jobs of its kind is reached ({reason}).",
            var reason when reason.Contains("priority", StringComparison.OrdinalIgnoreCase) || reason.Contains("PREEMPT", StringComparison.OrdinalIgnoreCase) =>
                $"Other users have better priority at the moment ({reason}).",
            var reason when reason.Contains("limit", StringComparison.OrdinalIgnoreCase) => $"Its user or group has its share of the pool already ({reason}).",
            var reason => $"The negotiator says: {reason}.",
        };
    }
}
