using System.Text.RegularExpressions;
using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Tools;

namespace Gateway.Backends.HTCondor.Schedds;

/// <summary>Asks at start-up whether schedds let this gateway submit as it is configured to.</summary>
internal sealed partial class PoolProbe(HTCondorOptions options, CondorTools tools, ScheddPool schedds, Impersonation identity)
{
    // Where no account is named: whether a token of this key is good is told before it is asked whose it is.
    private const string AnyAccount = "dask-gateway";

    private readonly IdentityOptions _identity = options.Identity;

    /// <returns>Why the gateway cannot work as configured; null: it can, or the pool does not answer just now.</returns>
    public async Task<string?> RefusalAsync(CancellationToken cancellationToken)
    {
        foreach (var schedd in schedds.All)
        {
            try
            {
                if (await RefusalAsync(schedd, cancellationToken) is { } refusal)
                {
                    return refusal;
                }
            }
            catch (ToolException exception) when (exception.Fault == ToolFault.Missing)
            {
                return $"HTCondor's tools cannot be run ({exception.Message}): install them, or set Tools:Folder or Tools:CommandPrefix.";
            }
            catch (ToolException)
            {
                // Logged where tools are run. A pool that is down for a while must not keep the gateway from starting.
                continue;
            }
        }

        return null;
    }

    private async Task<string?> RefusalAsync(Schedd schedd, CancellationToken cancellationToken)
    {
        var token = _identity.Token;
        var account = _identity.Mode != IdentityMode.Token ? ""
            : token.ProbeAccount.Length > 0 ? token.ProbeAccount
            : token.QueryAccount.Length > 0 ? token.QueryAccount
            : AnyAccount;
        try
        {
            var environment = await identity.AsAsync(account, cancellationToken);
            var answer = await tools.RunAsync(new ToolCall("condor_ping", [.. schedd.Arguments, "-verbose", "-type", "schedd", "WRITE"]) { Timeout = options.Tools.Timeout, Environment = environment }, cancellationToken);
            var mapped = Mapped(answer.Text);
            return _identity.Mode switch
            {
                IdentityMode.Service => NotTheAccount(schedd, mapped),
                IdentityMode.SuperUser => await NoSuperUserAsync(schedd, mapped, cancellationToken),
                _ => null,
            };
        }
        catch (ToolException exception) when (exception.Fault == ToolFault.Denied)
        {
            if (_identity.Mode == IdentityMode.Token && token.ProbeAccount.Length == 0 && !exception.Message.Contains("AUTHENTICATE:", StringComparison.Ordinal) && exception.Tool == "condor_ping")
            {
                // The key is good; that this account may not submit says nothing of the users.
                return null;
            }

            var who = account.Length > 0 ? $"with a token for {account}" : "with the identity of its tools";
            return $"The schedd {schedd.Scope} does not let this gateway submit {who}: {exception.Message}.";
        }
    }

    /// <summary>Jobs of another account than the one that is configured would never be seen again.</summary>
    private string? NotTheAccount(Schedd schedd, string mapped) =>
        mapped.Length == 0 || _identity.ServiceAccount.Length == 0 || User(mapped) == _identity.ServiceAccount
            ? null
            : $"The schedd {schedd.Scope} knows this gateway as {mapped}, but Identity:ServiceAccount is '{_identity.ServiceAccount}': run it as that account, or name the other one.";

    private async Task<string?> NoSuperUserAsync(Schedd schedd, string mapped, CancellationToken cancellationToken)
    {
        var users = await SettingAsync(schedd, "QUEUE_SUPER_USERS", cancellationToken);
        if (users is null || mapped.Length == 0)
        {
            return null;
        }

        if (!users.Split([',', ' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Any(user => user == mapped || user == User(mapped)))
        {
            return $"The schedd {schedd.Scope} knows this gateway as {mapped}, which is not among its QUEUE_SUPER_USERS ({users}): jobs of other accounts would be refused.";
        }

        return await SettingAsync(schedd, "QUEUE_SUPER_USER_MAY_IMPERSONATE", cancellationToken) is "Not defined" or ""
            ? $"The schedd {schedd.Scope} has no QUEUE_SUPER_USER_MAY_IMPERSONATE: jobs of accounts that it does not know yet would be refused. Set it to .* and restart the schedd."
            : null;
    }

    /// <summary>A setting of the schedd itself; null: it does not say.</summary>
    private async Task<string?> SettingAsync(Schedd schedd, string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await tools.RunAsync(new ToolCall("condor_config_val", [.. schedd.Arguments, "-schedd", name]) { Timeout = options.Tools.Timeout }, cancellationToken)).Text.Trim();
        }
        catch (ToolException)
        {
            // Logged where tools are run. Who may submit may not be let to read the configuration.
            return null;
        }
    }

    /// <summary>Whom the schedd takes the caller for, by what <c>condor_ping -verbose</c> prints; empty: it does not say.</summary>
    internal static string Account(string text) => User(Mapped(text));

    private static string Mapped(string text) => Mapping().Match(text) is { Success: true } match ? match.Groups[1].Value : "";

    private static string User(string mapped) => mapped.Split('@')[0];

    [GeneratedRegex(@"^Remote Mapping:[ \t]+(\S+)", RegexOptions.Multiline)]
    private static partial Regex Mapping();
}
