using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Tools;

namespace Gateway.Backends.HTCondor.Schedds;

/// <summary>Asks at start-up whether schedds let this gateway submit.</summary>
internal sealed class PoolProbe(HTCondorOptions options, CondorTools tools, ScheddPool schedds, Impersonation identity)
{
    /// <returns>Why the gateway cannot work as configured; null: it can, or the pool does not answer just now.</returns>
    public async Task<string?> RefusalAsync(CancellationToken cancellationToken)
    {
        var account = options.Identity.Mode == IdentityMode.Token ? options.Identity.Token.ProbeAccount : "";
        foreach (var schedd in schedds.All)
        {
            try
            {
                var environment = await identity.AsAsync(account, cancellationToken);
                await tools.RunAsync(new ToolCall("condor_ping", [.. schedd.Arguments, "-verbose", "-type", "schedd", "WRITE"]) { Timeout = options.Tools.Timeout, Environment = environment }, cancellationToken);
            }
            catch (ToolException exception) when (exception.Fault == ToolFault.Missing)
            {
                return $"HTCondor's tools cannot be run ({exception.Message}): install them, or set Tools:Folder or Tools:CommandPrefix.";
            }
            catch (ToolException exception) when (exception.Fault == ToolFault.Denied)
            {
                var who = account.Length > 0 ? $"with a token for {account}" : "with the identity of its tools";
                return $"The schedd {schedd.Scope} does not let this gateway submit {who}: {exception.Message}.";
            }
            catch (ToolException)
            {
                // Logged where tools are run. A pool that is down for a while must not keep the gateway from starting.
                continue;
            }
        }

        return null;
    }
}
