namespace Gateway.Backends.HTCondor.Events;

/// <summary>Follows one log file: through growth, truncation, rotation, deletion and coming back.</summary>
/// <param name="path">The file.</param>
/// <param name="fromStart">True: everything in it is new. False: only what is written from the first call on is.</param>
internal sealed class LogTail(string path, bool fromStart) : IDisposable
{
    // An event has a few hundred bytes. What has no end after this much is no event.
    private const int MaxPending = 1 << 20;
    private const int MaxRead = 8 << 20;

    private byte[] _pending = [];
    private FileStream? _file;
    private bool _known = fromStart;
    private string? _openedAs;

    /// <summary>Reads events that were written since the last call.</summary>
    public IReadOnlyList<CondorEvent> Read()
    {
        var events = new List<CondorEvent>();
        try
        {
            if (_file is null)
            {
                Open(atEnd: !_known);
            }

            if (_file is not null)
            {
                ReadFile(events);
                if (WasReplaced(_file))
                {
                    ReadFile(events);
                    Close();
                    Open(atEnd: false);
                    if (_file is not null)
                    {
                        ReadFile(events);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Gone, or not ours to read for the moment: listings go on telling, and the next call tries again.
            Close();
        }

        _known = true;
        return events;
    }

    public void Dispose() => Close();

    private void Open(bool atEnd)
    {
        if (!File.Exists(path))
        {
            return;
        }

        _file = new FileStream(path, new FileStreamOptions { Mode = System.IO.FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        _openedAs = NameOf(_file);
        if (atEnd)
        {
            _file.Seek(0, SeekOrigin.End);
        }
    }

    private void ReadFile(List<CondorEvent> events)
    {
        var length = _file!.Length;
        if (length < _file.Position)
        {
            // Truncated: what is there now is new.
            _file.Position = 0;
            _pending = [];
        }

        for (var left = Math.Min(length - _file.Position, MaxRead); left > 0;)
        {
            var buffer = new byte[_pending.Length + (int)Math.Min(left, 1 << 16)];
            _pending.CopyTo(buffer, 0);
            var read = _file.Read(buffer, _pending.Length, buffer.Length - _pending.Length);
            if (read == 0)
            {
                break;
            }

            left -= read;
            var text = buffer.AsSpan(0, _pending.Length + read);
            var used = IsJson(text) ? EventJson.Read(text, events) : EventText.Read(text, events);
            _pending = text.Length - used > MaxPending ? [] : text[used..].ToArray();
        }
    }

    // What is opened may have been renamed (rotation) or deleted, and another file have taken its path. Linux tells by the name of the
    // open file; where that is not to be had their lengths differ, sooner or later (one that grows is between its lengths before and after).
    private bool WasReplaced(FileStream file)
    {
        var before = file.Length;
        var now = new FileInfo(path);
        return !now.Exists || now.Length < before || now.Length > file.Length || NameOf(file) != _openedAs;
    }

    private static string? NameOf(FileStream file) => new FileInfo($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}").LinkTarget;

    // By the first event that has an end: what stands before it may be anything, in a log that was damaged.
    private static bool IsJson(ReadOnlySpan<byte> text) =>
        text.IndexOf(EventJson.End) is var json and >= 0 && (text.IndexOf(EventText.End) is not (var other and >= 0) || json < other);

    private void Close()
    {
        _file?.Dispose();
        _file = null;
        _pending = [];
    }
}
