namespace Gateway.Backends.HTCondor.Tools;

/// <summary>A tool failed. The message is HTCondor's own, shortened, and holds no secret: tools are given none.</summary>
internal sealed class ToolException(string tool, ToolFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Tool { get; } = tool;

    public ToolFault Fault { get; } = fault;

    /// <summary>True when it is HTCondor, not the request, that is at fault: the same call may succeed later.</summary>
    public bool IsTransient => Fault is not ToolFault.Rejected;
}
