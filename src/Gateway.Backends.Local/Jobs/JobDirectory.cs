using System.Globalization;
using System.Text;
using System.Text.Json;
using Gateway.Backends.Local.Processes;

namespace Gateway.Backends.Local.Jobs;

/// <summary>One job's directory: the state files that gateway and supervisor share, and the job's own working directory.</summary>
/// <remarks>
/// No job outlives a restart of the machine, so these files need not either: they are atomic against the death of
/// gateway and supervisor, and not flushed to disk.
/// </remarks>
/// <param name="path">Its full path.</param>
internal sealed class JobDirectory(string path)
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode PrivateFolder = Private | UnixFileMode.UserExecute;

    // Names of others are not to be seen, but the way into a job's own working directory is open to its account.
    public const UnixFileMode PassableFolder = PrivateFolder | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public string Path { get; } = path;

    public string Work => System.IO.Path.Combine(Path, "work");

    public string Environment => System.IO.Path.Combine(Path, "environment");

    public string Supervise => System.IO.Path.Combine(Path, "supervise");

    public string Lock => System.IO.Path.Combine(Path, "lock");

    public string Output => System.IO.Path.Combine(Path, "stdout");

    public string Error => System.IO.Path.Combine(Path, "stderr");

    private string Record => System.IO.Path.Combine(Path, "job.json");

    private string Leader => System.IO.Path.Combine(Path, "pid");

    private string Exit => System.IO.Path.Combine(Path, "exit");

    private string Stop => System.IO.Path.Combine(Path, "stop");

    /// <summary>The job's description; null when there is none, or not a whole one.</summary>
    public JobRecord? ReadRecord()
    {
        try
        {
            return Read(Record) is { } text ? JsonSerializer.Deserialize(text, JobJson.Default.JobRecord) : null;
        }
        catch (JsonException)
        {
            // Only a machine that lost power leaves half a file, and then nothing of the job is left either.
            return null;
        }
    }

    public void WriteRecord(JobRecord record) => Replace(Record, JsonSerializer.SerializeToUtf8Bytes(record, JobJson.Default.JobRecord));

    /// <summary>The supervisor; null until it has written itself down.</summary>
    public ProcessIdentity? ReadLeader() => Read(Leader) is { } text ? ProcessIdentity.Parse(text) : null;

    /// <summary>The exit code that the supervisor has written; null: none (yet).</summary>
    public int? ReadExit() =>
        Read(Exit) is { } text && text.EndsWith('\n') && int.TryParse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture, out var code) ? code : null;

    /// <summary>When its stop was begun; null: it was not.</summary>
    public DateTimeOffset? ReadStop()
    {
        if (Read(Stop) is not { } text)
        {
            return null;
        }

        return long.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 100_000_000_000
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.UnixEpoch;
    }

    public void WriteStop(DateTimeOffset at) => Replace(Stop, Encoding.ASCII.GetBytes(at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));

    /// <summary>When the directory was last changed, which is when its exit code was written; null when it is gone.</summary>
    public DateTimeOffset? LastChange() =>
        Directory.Exists(Path) ? new DateTimeOffset(Directory.GetLastWriteTimeUtc(Path), TimeSpan.Zero) : null;

    /// <summary>Whether there is anything but the lock.</summary>
    public bool HasLeftovers() => Directory.EnumerateFileSystemEntries(Path).Any(entry => entry != Lock);

    /// <summary>Makes a file that only its owner can read, refusing to go through one that is there.</summary>
    public static void Create(string path, ReadOnlySpan<byte> content)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = Private,
            BufferSize = 0,
        });
        file.Write(content);
    }

    private static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var draft = $"{path}.{Guid.NewGuid():N}";
        Create(draft, content);
        File.Move(draft, path, overwrite: true);
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
