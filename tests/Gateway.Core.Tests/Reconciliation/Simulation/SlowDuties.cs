using Gateway.Core.Store;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>A store that takes its time over duties: until it is told to answer.</summary>
internal sealed class SlowDuties(IDutyStore store) : IDutyStore
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Asked => _asked.Task;

    public void Answer() => _answer.TrySetResult();

    public async Task<bool> TakeAsync(string duty, string replica, TimeSpan lease, CancellationToken cancellationToken)
    {
        _asked.TrySetResult();
        await _answer.Task.WaitAsync(cancellationToken);
        return await store.TakeAsync(duty, replica, lease, cancellationToken);
    }

    public Task GiveUpAsync(string duty, string replica, CancellationToken cancellationToken) => store.GiveUpAsync(duty, replica, cancellationToken);
}
