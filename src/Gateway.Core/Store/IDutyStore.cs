namespace Gateway.Core.Store;

/// <summary>Lets one replica at a time do what needs doing once: monitoring a backend, sweeping, retention.</summary>
public interface IDutyStore
{
    /// <summary>Takes a duty or keeps it. Nothing that must happen only once may rest on it alone: a frozen replica can wake up and still believe.</summary>
    /// <param name="duty">A name such as <c>monitor:htcondor</c>.</param>
    /// <param name="replica">Who asks.</param>
    /// <param name="lease">How long it holds unless kept.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True while this replica has it.</returns>
    Task<bool> TakeAsync(string duty, string replica, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Gives up a duty of a replica that stops, so that another takes over at once. Nothing happens where it has the duty no longer.</summary>
    Task GiveUpAsync(string duty, string replica, CancellationToken cancellationToken);
}
