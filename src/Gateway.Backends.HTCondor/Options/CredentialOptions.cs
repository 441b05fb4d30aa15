namespace Gateway.Backends.HTCondor.Options;

/// <summary>A user's credential (x509 proxy, SciToken) that goes with the user's jobs: an entry of <c>Files:Credentials</c>.</summary>
internal sealed class CredentialOptions
{
    /// <summary>Its file name in the job.</summary>
    public string Name { get; set; } = "";

    /// <summary>Path of the file; <c>{account}</c> stands for the account. Either this or <see cref="Command"/>.</summary>
    public string File { get; set; } = "";

    /// <summary>Program and arguments that print it; <c>{account}</c> stands for the account.</summary>
    public List<string> Command { get; set; } = [];

    /// <summary>For how long what the command printed is used again. The submission after that asks anew.</summary>
    public TimeSpan RefreshAfter { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Environment variable that tells the job where it is, such as <c>X509_USER_PROXY</c> or <c>BEARER_TOKEN_FILE</c>; empty: none.</summary>
    public string Variable { get; set; } = "";

    /// <summary>True: a job without it is refused. False: it starts without.</summary>
    public bool Required { get; set; } = true;

    /// <summary>True: an x509 proxy that HTCondor itself renews in running jobs when the file changes (<c>x509userproxy</c>); needs the folder mode.</summary>
    public bool Proxy { get; set; }
}
