namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>When and how one replica fails next. Once it has, it is dead: no further call of it gets through.</summary>
internal sealed class Faults(Queue<(string Call, Func<object?> Run)> frozen)
{
    private int _calls;
    private FaultKind _kind;

    public bool Dead { get; private set; }

    /// <summary>Calls of frozen replicas that will arrive one day.</summary>
    public Queue<(string Call, Func<object?> Run)> Frozen => frozen;

    /// <summary>The call at which it happened.</summary>
    public string? At { get; private set; }

    public void Set(int calls, FaultKind kind) => (_calls, _kind) = (calls, kind);

    public void Revive() => Dead = false;

    public FaultKind Next(string call, bool ofBackend)
    {
        if (Dead)
        {
            return FaultKind.DieBefore;
        }

        if (_calls == 0 || --_calls > 0)
        {
            return FaultKind.None;
        }

        if (_kind is FaultKind.StoreAwayBefore or FaultKind.StoreAwayAfter)
        {
            return ofBackend ? FaultKind.None : _kind;
        }

        (Dead, At) = (true, call);
        return _kind;
    }
}
