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
        foreach (var credential in options.Files.Credentials)
        {
            if (credential.Proxy)
            {
                var path = credential.File.Replace("{account}", account, StringComparison.Ordinal);
                if (Exists(credential, account, path))
                {
                    lines.Append("x509userproxy = ").Append(SubmitText.Plain(tools.Inside(path), "the proxy")).Append('\n');
                }
            }
            else if (await FetchAsync(credential, account, cancellationToken) is { } content)
            {
                files.Add(new JobFile(credential.Name, content));
                if (credential.Variable.Length > 0)
                {
                    environment[credential.Variable] = credential.Name;
                }
            }
        }

        return new Bundle(files, environment, lines.ToString());
    }

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
            _fetched[(credential.Name, account)] = (result.Output, time.GetUtcNow() + credential.RefreshAfter);
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
    internal sealed record Bundle(IReadOnlyList<JobFile> Files, IReadOnlyDictionary<string, string> Environment, string Lines)
    {
        public static readonly Bundle None = new([], new Dictionary<string, string>(), "");
    }
}
