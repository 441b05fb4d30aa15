namespace Gateway.Core.Backends;

/// <summary>Names one job to its backend.</summary>
/// <param name="Name">The job's name, unique in this gateway; written into the job, so that it can be found by it.</param>
/// <param name="Handle">What <see cref="IJobBackend.StartAsync"/> returned for it; null when its start was never confirmed.</param>
public sealed record JobHandle(string Name, string? Handle);
