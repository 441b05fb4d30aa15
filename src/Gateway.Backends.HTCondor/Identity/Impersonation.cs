using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Gateway.Backends.HTCondor.Files;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Tools;

namespace Gateway.Backends.HTCondor.Identity;

/// <summary>Lets tools act for an account: keeps a valid token per account on disk, renewed ahead of its end and when the key changes.</summary>
internal sealed class Impersonation(HTCondorOptions options, PrivateFiles files, CondorTools tools, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, Issued> _tokens = new();
    private readonly SemaphoreSlim _making = new(1);
    private readonly Regex _allowed = new($@"^(?:{options.Identity.AllowedAccounts})\z", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    private bool UsesTokens => options.Identity.Mode == IdentityMode.Token;

    /// <summary>Why no job may run as an account; null: it may.</summary>
    public string? Refusal(string account) => account is "root" or "condor" || !_allowed.IsMatch(account)
        ? $"Jobs cannot run as the account '{Submission.SubmitText.Show(account)}' in this pool."
        : null;

    /// <summary>Environment with which tools submit and remove jobs of an account.</summary>
    /// <exception cref="ToolException">The key cannot be read.</exception>
    public Task<IReadOnlyDictionary<string, string>> AsAsync(string account, CancellationToken cancellationToken) =>
        UsesTokens ? TokenAsync(account, cancellationToken) : Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>());

    /// <summary>Environment with which tools ask.</summary>
    /// <exception cref="ToolException">The key cannot be read.</exception>
    public Task<IReadOnlyDictionary<string, string>> ForQueryAsync(CancellationToken cancellationToken) =>
        AsAsync(UsesTokens ? options.Identity.Token.QueryAccount : "", cancellationToken);

    public void Dispose() => _making.Dispose();

    private async Task<IReadOnlyDictionary<string, string>> TokenAsync(string account, CancellationToken cancellationToken)
    {
        if (account.Length == 0)
        {
            return new Dictionary<string, string>();
        }

        var stamp = Stamp();
        var token = options.Identity.Token;
        if (!_tokens.TryGetValue(account, out var issued) || issued.Stamp != stamp || !File.Exists(issued.Path) || issued.RenewAt <= time.GetUtcNow())
        {
            await _making.WaitAsync(cancellationToken);
            try
            {
                issued = Make(account, stamp, token);
                _tokens[account] = issued;
            }
            finally
            {
                _making.Release();
            }
        }

        return new Dictionary<string, string>
        {
            ["_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS"] = "IDTOKENS",
            ["_CONDOR_SEC_TOKEN_DIRECTORY"] = tools.Inside(Path.GetDirectoryName(issued.Path)!),
        };
    }

    private Issued Make(string account, string stamp, TokenOptions token)
    {
        byte[] key;
        try
        {
            key = File.ReadAllBytes(token.KeyFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException("token", ToolFault.Denied, $"The signing key {token.KeyFile} of HTCondor tokens cannot be read: {exception.Message}", exception);
        }

        var now = time.GetUtcNow();
        var keyId = token.KeyId.Length > 0 ? token.KeyId : Path.GetFileName(token.KeyFile);
        IReadOnlyList<string> scopes = token.Scopes.Count > 0 ? token.Scopes : ["condor:/READ", "condor:/WRITE"];
        var text = IdToken.Make(key, keyId, token.TrustDomain, $"{account}@{token.UserDomain}", scopes, now - token.ClockSkew, now + token.Lifetime, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        CryptographicOperations.ZeroMemory(key);
        var path = files.Write(Path.Combine("tokens", account), "gateway", System.Text.Encoding.ASCII.GetBytes(text + "\n"));
        // A tool that starts now must find it good until it ends.
        return new Issued(path, stamp, now + (token.Lifetime / 2));
    }

    // Another key (rotation) shows as another time or length of its file.
    private string Stamp()
    {
        var file = new FileInfo(options.Identity.Token.KeyFile);
        return file.Exists ? $"{file.LastWriteTimeUtc.Ticks}/{file.Length}" : "missing";
    }

    private sealed record Issued(string Path, string Stamp, DateTimeOffset RenewAt);
}
