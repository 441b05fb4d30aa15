namespace Gateway.Backends.HTCondor.Options;

/// <summary>How files reach jobs, and output comes back: <c>Backends:{name}:Files</c>.</summary>
internal sealed class FileOptions
{
    /// <summary>Null: <see cref="FileMode.Folder"/> for the service identity, else <see cref="FileMode.Spool"/>.</summary>
    public FileMode? Mode { get; set; }

    /// <summary>The account that <c>Tools:CommandPrefix</c> changes to, <c>uid</c> or <c>uid:gid</c>, to be given the files; empty: unchanged.</summary>
    public string Owner { get; set; } = "";

    /// <summary>For how long a spooled job that has ended is left in the queue for its output to be fetched.</summary>
    public TimeSpan OutputGrace { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Credentials of users that go with their jobs.</summary>
    public List<CredentialOptions> Credentials { get; set; } = [];
}
