using Gateway.Core.Clusters;

namespace Gateway.Core.Store;

/// <summary>A worker as its readers see it.</summary>
/// <param name="Worker">The saved row.</param>
/// <param name="Job">Its job, where a start was recorded.</param>
public sealed record WorkerView(Worker Worker, Job? Job);
