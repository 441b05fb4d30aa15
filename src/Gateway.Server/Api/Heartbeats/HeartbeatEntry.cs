using Gateway.Core.Store;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>One cluster's heartbeat on its way to the database.</summary>
internal sealed class HeartbeatEntry(ReceivedHeartbeat received)
{
    private readonly TaskCompletionSource _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is to be stored.</summary>
    public ReceivedHeartbeat Received { get; set; } = received;

    /// <summary>Ends when it is stored, or with why it is not.</summary>
    public Task Stored => _stored.Task;

    public void Complete() => _stored.TrySetResult();

    public void Fail(Exception exception)
    {
        _stored.TrySetException(exception);

        // Whoever sent it may have gone: an exception that nobody awaits is no event of its own.
        _ = _stored.Task.Exception;
    }
}
