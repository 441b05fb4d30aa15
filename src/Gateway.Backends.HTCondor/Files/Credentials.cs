using System.Collections.Concurrent;
using System.Text;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Submission;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Files;

/// <summary>Fetches users' credentials for their jobs, from files or from a command of the site.</summary>
internal sealed class Credentials(HTCondorOptions options, CondorTools tools, TimeProvider time)
{
    private const int MaxSize = 1 << 20;

    private static readonly TimeSpan LongestMargin = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(string Name, string Account), (ReadOnlyMemory<byte> Content, DateTimeOffset Until)> _fetched = new();

    /// <summary>What goes with an account's jobs: files, variables that name them, and lines of the submit description.</summary>
    /// <exception cref="SubmitTextException">A credential that is required is not there.</exception>
    public async Task<Bundle> GetAsync(string account, CancellationToken cancellationToken)
    {
        if (options.Files.Credentials.Count == 0)
        {
            return Bundle.None;
        }

        var files = new List<JobFile>();
        var environment = new Dictionary<string, string>();
        var lines = new StringBuilder();
        DateTimeOffset? leaveBy = null;
        foreach (var credential in options.Files.Credentials)
        {
            if (credential.Proxy)
            {
                var path = credential.File.Replace("{account}", account, StringComparison.Ordinal);
                if (Exists(credential, account, path))
                {
                    lines.Append("x509userproxy = ").Append(SubmitText.Plain(tools.Inside(path), "the proxy")).Append('\n');
                    if (credential.Variable is { Length: > 0 } variable and not "X509_USER_PROXY")
                    {
                        // That one HTCondor sets itself.
                        environment[variable] = Path.GetFileName(path);
                    }
                }
            }
            else if (await FetchAsync(credential, account, cancellationToken) is { } content)
            {
                if (CredentialExpiry.Of(content.Span) is { } end && LeaveBy(credential, account, end) is { } by && !(leaveBy < by))
                {
                    leaveBy = by;
                }

                files.Add(new JobFile(credential.Name, content));
                if (credential.Variable.Length > 0)
                {
                    environment[credential.Variable] = credential.Name;
                }
            }
        }

        return new Bundle(files, environment, lines.ToString(), leaveBy);
    }

    /// <summary>When jobs with a credential should be gone, or be replaced by ones with a newer: a little before its end.</summary>
    private DateTimeOffset? LeaveBy(CredentialOptions credential, string account, DateTimeOffset end)
    {
        var left = end - time.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            return end - Margin(left);
        }

        return credential.Required
            ? throw new SubmitTextException($"The credential '{credential.Name}' of '{account}' ended at {end:yyyy-MM-dd HH:mm:ss} UTC: renew it, then try again")
            : null;
    }

    private static TimeSpan Margin(TimeSpan left) => left / 4 < LongestMargin ? left / 4 : LongestMargin;

    private async Task<ReadOnlyMemory<byte>?> FetchAsync(CredentialOptions credential, string account, CancellationToken cancellationToken)
    {
        if (credential.Command.Count == 0)
        {
            var path = credential.File.Replace("{account}", account, StringComparison.Ordinal);
            return Exists(credential, account, path) ? await ReadAsync(credential, account, path, cancellationToken) : null;
        }

        if (_fetched.TryGetValue((credential.Name, account), out var fetched) && fetched.Until > time.GetUtcNow())
        {
            return fetched.Content;
        }

        try
        {
            var words = credential.Command.Select(word => word.Replace("{account}", account, StringComparison.Ordinal)).ToList();
            var result = await tools.RunAsync(new ToolCall(words[0], words[1..]) { Timeout = options.Tools.Timeout, IsCondor = false }, cancellationToken);
            var again = time.GetUtcNow() + credential.RefreshAfter;
            if (CredentialExpiry.Of(result.Output.Span) is { } end && end - ((end - time.GetUtcNow()) / 2) is var half && half < again)
            {
                again = half;
            }

            _fetched[(credential.Name, account)] = (result.Output, again);
            return result.Output;
        }
        catch (ToolException) when (!credential.Required)
        {
            // Logged where tools are run; the job starts without.
            return null;
        }
        catch (ToolException exception)
        {
            throw new SubmitTextException($"The credential '{credential.Name}' of '{account}' could not be fetched: {exception.Message}");
        }
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(CredentialOptions credential, string account, string path, CancellationToken cancellationToken)
    {
        try
        {
            return new FileInfo(path).Length <= MaxSize
                ? await File.ReadAllBytesAsync(path, cancellationToken)
                : throw new SubmitTextException($"The credential '{credential.Name}' of '{account}' is larger than {MaxSize} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SubmitTextException($"The credential '{credential.Name}' of '{account}' cannot be read: {exception.Message}");
        }
    }

    private static bool Exists(CredentialOptions credential, string account, string path) => File.Exists(path)
        || (credential.Required ? throw new SubmitTextException($"The credential '{credential.Name}' of '{account}' is not there: make one, then try again") : false);

    /// <summary>What goes with an account's jobs.</summary>
    /// <param name="Files">Files.</param>
    /// <param name="Environment">Variables that name them.</param>
    /// <param name="Lines">Lines of the submit description.</param>
    /// <param name="LeaveBy">When another job with newer credentials should have taken a job's place; null: these do not end.</param>
    internal sealed record Bundle(IReadOnlyList<JobFile> Files, IReadOnlyDictionary<string, string> Environment, string Lines, DateTimeOffset? LeaveBy)
    {
        public static readonly Bundle None = new([], new Dictionary<string, string>(), "", null);
    }
}
