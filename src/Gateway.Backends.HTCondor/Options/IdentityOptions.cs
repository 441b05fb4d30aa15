namespace Gateway.Backends.HTCondor.Options;

/// <summary>Whom jobs belong to: <c>Backends:{name}:Identity</c>.</summary>
internal sealed class IdentityOptions
{
    public IdentityMode Mode { get; set; } = IdentityMode.Service;

    /// <summary>The account whose jobs the gateway takes for its own in <see cref="IdentityMode.Service"/>; empty: any owner's that carry its identity.</summary>
    public string ServiceAccount { get; set; } = "";

    /// <summary>Regular expression of the accounts that jobs may run as; it must match the whole name.</summary>
    public string AllowedAccounts { get; set; } = "[a-z_][a-z0-9_.-]{0,31}";

    /// <summary>Accounting group of jobs, to which the account is added as accounting user; empty: none.</summary>
    public string AccountingGroup { get; set; } = "";

    /// <summary>Set <c>accounting_group_user</c> to the cluster's account, so that fair share is per user.</summary>
    public bool AccountingUser { get; set; } = true;

    public TokenOptions Token { get; set; } = new();
}
