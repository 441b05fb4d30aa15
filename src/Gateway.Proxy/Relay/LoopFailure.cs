using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gateway.Proxy.Relay;

/// <summary>Ends the process when a part of the relay has ended by itself: a server that listens and does not answer is worse than none.</summary>
internal sealed partial class LoopFailure(IHostApplicationLifetime lifetime, ILogger<LoopFailure> logger)
{
    /// <summary>The process's exit code (EX_SOFTWARE) after such an end.</summary>
    public const int ExitCode = 70;

    public void Report(string loop, Exception exception)
    {
        LogDied(exception, loop);
        Environment.ExitCode = ExitCode;
        lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Loop} has died; stopping the process")]
    private partial void LogDied(Exception exception, string loop);
}
