namespace Gateway.Core.Dask;

/// <summary>What became of a command to a scheduler.</summary>
/// <param name="Outcome">Whether it was taken.</param>
/// <param name="Problem">Why not, in words that follow a colon; null when it was.</param>
public sealed record SchedulerAnswer(SchedulerOutcome Outcome, string? Problem);
