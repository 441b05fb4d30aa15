namespace Gateway.Backends.HTCondor.Tools;

/// <summary>One call of one tool.</summary>
internal sealed record ToolCall(string Tool, IReadOnlyList<string> Arguments)
{
    /// <summary>What it reads from standard input; null: nothing.</summary>
    public string? Input { get; init; }

    /// <summary>Environment variables beside the instance's own; null removes one.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>False for a program of the site's, which is run as it is: without prefix, folder and environment of HTCondor's.</summary>
    public bool IsCondor { get; init; } = true;

    /// <summary>After so long it is killed.</summary>
    public required TimeSpan Timeout { get; init; }
}
