using System.Globalization;

namespace Gateway.Backends.Local.Jobs;

/// <summary>How a job ended.</summary>
/// <param name="ExitCode">Exit code or 128 + signal; null: not known.</param>
/// <param name="Reason">A sentence for its owner.</param>
internal sealed record JobEnd(int? ExitCode, string Reason)
{
    public static JobEnd MachineRestarted { get; } = new(null, "the machine was restarted");

    /// <param name="code">Exit code or 128 + signal; null: the supervisor was killed before it could write it down.</param>
    /// <param name="stopped">The gateway had told it to end.</param>
    public static JobEnd Of(int? code, bool stopped) => new(code, code switch
    {
        _ when stopped => "was stopped",
        null => "was killed together with its supervisor, from outside or for want of memory",
        0 => "ended by itself",
        125 => "could not be set up (exit code 125); its error output says more",
        126 => "its command could not be executed (exit code 126)",
        127 => "its command was not found (exit code 127)",
        128 + 9 => "was killed (SIGKILL), from outside or for want of memory",
        > 128 and < 128 + 65 => $"was ended by signal {Text(code.Value - 128)}{Name(code.Value - 128)}",
        _ => $"ended with exit code {Text(code.Value)}; its error output says more",
    });

    private static string Name(int signal) => signal switch
    {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        4 => " (SIGILL, an instruction that this processor does not have)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        24 => " (SIGXCPU, processor time used up)",
        25 => " (SIGXFSZ, a file became too large)",
        _ => "",
    };

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
