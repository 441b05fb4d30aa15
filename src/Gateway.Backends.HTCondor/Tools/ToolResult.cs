namespace Gateway.Backends.HTCondor.Tools;

/// <summary>What a tool said.</summary>
internal sealed record ToolResult(int ExitCode, ReadOnlyMemory<byte> Output, string Error)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Output.Span);
}
