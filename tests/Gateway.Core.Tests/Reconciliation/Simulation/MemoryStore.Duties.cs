using Gateway.Core.Store;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>Duties: one replica at a time, as long as its lease runs.</summary>
internal sealed partial class MemoryStore : IDutyStore
{
    private readonly Dictionary<string, (string Replica, DateTimeOffset Until)> _duties = new(StringComparer.Ordinal);

    public Task<bool> TakeAsync(string duty, string replica, TimeSpan lease, CancellationToken cancellationToken)
    {
        bool taken = !_duties.TryGetValue(duty, out var held) || held.Replica == replica || held.Until <= Now;
        if (taken)
        {
            _duties[duty] = (replica, Now + lease);
        }

        return Task.FromResult(taken);
    }

    public Task GiveUpAsync(string duty, string replica, CancellationToken cancellationToken)
    {
        if (_duties.TryGetValue(duty, out var held) && held.Replica == replica)
        {
            _duties.Remove(duty);
        }

        return Task.CompletedTask;
    }
}
