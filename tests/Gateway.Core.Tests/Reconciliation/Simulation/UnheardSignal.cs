using Gateway.Core.Store;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>No change is ever told: the loops must get on without, for any signal may be missed.</summary>
internal sealed class UnheardSignal : IChangeSignal, IDisposable
{
    public IDisposable Subscribe(Action<Change> listener) => this;

    public void Dispose()
    {
    }
}
