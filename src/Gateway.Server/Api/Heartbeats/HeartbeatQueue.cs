using Gateway.Core.Reconciliation;
using Gateway.Core.Store;

namespace Gateway.Server.Api.Heartbeats;

/// <summary>Stores heartbeats in groups: while one group is on its way to the database the next gathers.</summary>
internal sealed partial class HeartbeatQueue(IClusterStore store, HearingLoss hearing, ILogger<HeartbeatQueue> logger)
{
    private const int LargestBatch = 256;

    private readonly Lock _lock = new();
    private readonly Queue<HeartbeatBatch> _waiting = new();
    private HeartbeatBatch? _gathering;
    private bool _storing;

    /// <summary>How many clusters' heartbeats gather behind those that are being stored.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Sum(batch => batch.Count);
            }
        }
    }

    /// <summary>Stores a heartbeat; ends when it is stored.</summary>
    /// <exception cref="StoreUnavailableException">It could not be stored, or it is not known whether it was.</exception>
    public Task StoreAsync(ReceivedHeartbeat received)
    {
        lock (_lock)
        {
            if (_gathering is null || _gathering.Count >= LargestBatch)
            {
                _gathering = new();
                _waiting.Enqueue(_gathering);
            }

            var stored = _gathering.Add(received);
            if (!_storing)
            {
                _storing = true;
                _ = Task.Run(DrainAsync);
            }

            return stored;
        }
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            // Behind all that is ready to run: heartbeats that have come in, but not to this queue yet, go along. Four in a group become twenty.
            await Task.Yield();
            if (Next() is not { } batch)
            {
                return;
            }

            await StoreAsync(batch.Entries);
        }
    }

    private HeartbeatBatch? Next()
    {
        lock (_lock)
        {
            _storing = _waiting.TryDequeue(out var batch);
            if (ReferenceEquals(batch, _gathering))
            {
                _gathering = null;
            }

            return batch;
        }
    }

    private async Task StoreAsync(IReadOnlyCollection<HeartbeatEntry> entries)
    {
        try
        {
            // Many requests wait for this one, so none of them can end it; the store bounds it in time.
            await store.RecordHeartbeatsAsync([.. entries.Select(entry => entry.Received)], CancellationToken.None);
            foreach (var entry in entries)
            {
                entry.Complete();
            }
        }
        catch (Exception e) when (e is not StoreUnavailableException && entries.Count > 1)
        {
            // One that cannot be stored must not silence the others' clusters.
            LogBatchFailed(e, entries.Count);
            foreach (var entry in entries)
            {
                await StoreAsync([entry]);
            }
        }
        catch (Exception e)
        {
            if (e is StoreUnavailableException)
            {
                // Here, for whoever sent it may have hung up before it was known to be lost.
                hearing.Note();
            }

            foreach (var entry in entries)
            {
                entry.Fail(e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} heartbeats could not be stored together; trying them one by one")]
    private partial void LogBatchFailed(Exception exception, int count);
}
