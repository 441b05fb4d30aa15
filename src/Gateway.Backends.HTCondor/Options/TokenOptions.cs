namespace Gateway.Backends.HTCondor.Options;

/// <summary>Tokens of <see cref="IdentityMode.Token"/>: <c>Backends:{name}:Identity:Token</c>.</summary>
internal sealed class TokenOptions
{
    /// <summary>The signing key, as in the schedd's <c>passwords.d</c>; read anew whenever it changes.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>The key's name: its file name in the schedd's <c>passwords.d</c>; empty: the file name of <see cref="KeyFile"/>.</summary>
    public string KeyId { get; set; } = "";

    /// <summary>The pool's <c>TRUST_DOMAIN</c>.</summary>
    public string TrustDomain { get; set; } = "";

    /// <summary>The pool's <c>UID_DOMAIN</c>: what follows the account's name and an <c>@</c>.</summary>
    public string UserDomain { get; set; } = "";

    /// <summary>How long a token is good for; 1 min to 1 day.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>By how much clocks may differ: tokens are dated back by it. 0 to 10 min.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>What a token allows; none: <c>condor:/READ</c> and <c>condor:/WRITE</c>.</summary>
    public List<string> Scopes { get; set; } = [];

    /// <summary>The account that queries are made as; empty: the tools' own identity.</summary>
    public string QueryAccount { get; set; } = "";

    /// <summary>An account to try at start-up whether the pool accepts such tokens; empty: only whether the schedd takes the key is tried.</summary>
    public string ProbeAccount { get; set; } = "";
}
