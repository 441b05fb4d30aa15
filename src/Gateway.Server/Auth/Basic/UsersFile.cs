using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Basic;

/// <summary>The file of users, read again when it has changed.</summary>
/// <remarks>It is looked at when somebody comes, at most once a second: watching files fails quietly on network file systems and mounted secrets.</remarks>
internal sealed partial class UsersFile
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly bool _hasSharedPassword;
    private readonly TimeProvider _time;
    private readonly ILogger<UsersFile> _logger;
    private readonly Lock _reading = new();
    private volatile UserTable _table = UserTable.Empty;
    private (DateTime Written, long Length) _version;
    private long _lookedAt;

    public UsersFile(IOptions<AuthOptions> options, SharedPasswordSource shared, TimeProvider time, ILogger<UsersFile> logger)
    {
        _path = options.Value.Basic.UsersFile ?? string.Empty;
        _hasSharedPassword = shared.Password is not null;
        _time = time;
        _logger = logger;
        if (IsUsed)
        {
            _lookedAt = time.GetTimestamp();
            Look();
        }
    }

    /// <summary>Whether such a file is configured: then nobody else may sign in.</summary>
    public bool IsUsed => _path.Length > 0;

    /// <summary>A user's line, or null.</summary>
    public UserLine? Find(string name)
    {
        var lookedAt = Interlocked.Read(ref _lookedAt);
        if (_time.GetElapsedTime(lookedAt) >= Period
            && Interlocked.CompareExchange(ref _lookedAt, _time.GetTimestamp(), lookedAt) == lookedAt)
        {
            Look();
        }

        return _table.Users.GetValueOrDefault(name);
    }

    // A file that cannot be read, or has a mistake in it (somebody is just writing it), leaves the last good one in force.
    private void Look()
    {
        lock (_reading)
        {
            try
            {
                var file = new FileInfo(_path);
                var version = (file.LastWriteTimeUtc, file.Length);
                if (version == _version)
                {
                    return;
                }

                var table = UserTable.Parse(File.ReadLines(_path), _hasSharedPassword);
                _version = version;
                if (table.Errors.Count > 0)
                {
                    LogMistake(_logger, _path, string.Join(' ', table.Errors.Take(5)));
                    return;
                }

                _table = table;
                LogRead(_logger, table.Users.Count, _path);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                LogUnreadable(_logger, failure, _path);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Read {UserCount} users from {Path}")]
    private static partial void LogRead(ILogger logger, int userCount, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "The file of users {Path} has mistakes, and the last good one stays in force: {Mistakes}")]
    private static partial void LogMistake(ILogger logger, string path, string mistakes);

    [LoggerMessage(Level = LogLevel.Error, Message = "The file of users {Path} cannot be read, and the last good one stays in force")]
    private static partial void LogUnreadable(ILogger logger, Exception failure, string path);
}
