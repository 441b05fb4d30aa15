namespace Gateway.Core.Clusters;

/// <summary>What one job asks of the batch system and is told to use.</summary>
public sealed record JobResources
{
    /// <summary>CPU cores, more than 0; a fraction only where the backend can give one.</summary>
    public double Cores { get; init; } = 1;

    /// <summary>Memory in bytes, more than 0.</summary>
    public long Memory { get; init; } = 2L << 30;

    /// <summary>Scratch disk in bytes; null leaves it to the backend.</summary>
    public long? Disk { get; init; }

    /// <summary>GPUs, 0 or more.</summary>
    public int Gpus { get; init; }

    /// <summary>Threads of a worker; null means one per whole core.</summary>
    public int? Threads { get; init; }
}
