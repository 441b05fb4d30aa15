namespace Gateway.Backends.HTCondor.Options;

/// <summary>How HTCondor's tools are run: <c>Backends:{name}:Tools</c>.</summary>
internal sealed class ToolOptions
{
    /// <summary>Folder of condor_submit and its like; empty: they are on the PATH.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Words put before each tool's name, such as <c>chroot /srv/pool</c>; none: tools are run directly.</summary>
    public List<string> CommandPrefix { get; set; } = [];

    /// <summary>Where the tools have their root directory, if <see cref="CommandPrefix"/> gives them another one.</summary>
    public string Root { get; set; } = "";

    /// <summary>Environment variables of the tools, such as <c>CONDOR_CONFIG</c>. No secrets.</summary>
    public Dictionary<string, string> Environment { get; set; } = [];

    /// <summary>Most tools at a time; 1 to 64.</summary>
    public int MaxConcurrent { get; set; } = 4;

    /// <summary>Most bytes a tool may print; 64 KiB to 1 GiB.</summary>
    public int MaxOutput { get; set; } = 256 << 20;

    /// <summary>Time for a query or a removal. Tools may stall 5 s on name look-ups.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time for a submission, the transfer of its files included.</summary>
    public TimeSpan SubmitTimeout { get; set; } = TimeSpan.FromSeconds(90);
}
