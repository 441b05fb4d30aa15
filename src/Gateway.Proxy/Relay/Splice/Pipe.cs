namespace Gateway.Proxy.Relay.Splice;

/// <summary>Both ends of a pipe; the default is none.</summary>
internal readonly record struct Pipe(int Read, int Write)
{
    public bool IsNone => Write == 0; // standard input is never the writing end of ours
}
