namespace Gateway.Server.Api.Health;

/// <summary>Looks after one thing that the gateway needs.</summary>
internal interface IHealthProbe
{
    /// <summary>What is looked at, in a word or two; unique.</summary>
    string Name { get; }

    /// <summary>Whether the gateway cannot serve without it. A failure of others is a warning.</summary>
    bool IsCritical { get; }

    /// <summary>Null when all is well, else what is wrong. An exception counts as a failure; so does taking longer than a few seconds.</summary>
    Task<string?> CheckAsync(CancellationToken cancellationToken);
}
