using System.Globalization;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>What a job's shell does before, and around, the job's command.</summary>
/// <remarks>It is an environment variable that all workers of a cluster share: as an argument it would be in the queue once for each of them.</remarks>
internal static class JobScript
{
    /// <summary>Holds the script.</summary>
    public const string Variable = "DASK_GATEWAY_START";

    /// <summary>Names the variables whose values are files in the job's folder.</summary>
    public const string PathsVariable = "DASK_GATEWAY_PATHS";

    /// <summary>Of output that is cut, the end that is kept too, in bytes: how it ended is what one looks for.</summary>
    public const int KeptEnd = 16 * 1024;

    // A job finds its command on its PATH, keeps what it writes to itself, and finds its credentials wherever it goes.
    private const string Prepare =
        $"unset {Variable}; umask 077; for v in ${PathsVariable}; do eval \"case \\$$v in /*) ;; *) export $v=\\$PWD/\\$$v ;; esac\"; done; ";

    private const string Run = "exec \"$@\"";

    /// <summary>What the shell is told to do, with the command as its arguments.</summary>
    public static IReadOnlyList<string> Arguments { get; } = ["-c", $"eval \"${Variable}\"", "sh"];

    /// <summary>The script.</summary>
    /// <param name="maxOutput">How many bytes of standard output, and of standard error, go out as they come; null: all.</param>
    public static string Write(long? maxOutput) => Prepare + (maxOutput is { } max ? Bounded(max) : Run);

    /// <summary>Runs the command with its output through pipes whose readers pass on so much, and then only the end.</summary>
    /// <remarks>
    /// The shell stays, and must not be noticed: it passes SIGTERM on, waits until the readers have all (5 seconds: a process that the command left
    /// behind may hold a pipe), and ends as the command ended, by the same signal or code. A second before it does, for what a machine
    /// has not read yet when the job is over is lost. Without stdbuf head would keep what it reads until it has
    /// some kilobytes. Where these tools are missing, output is not bounded.
    /// </remarks>
    private static string Bounded(long max) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        if { mkfifo .dask-out .dask-err && stdbuf -o0 head -c 0 </dev/null; } 2>/dev/null; then
         keep() { stdbuf -o0 head -c {{max}}; tail -c {{KeptEnd}} | if IFS= read -r l || [ -n "$l" ]; then printf '%s\n' '[output is cut here, at MaxOutputMegabytes: only the end of the rest follows]' "$l"; cat; fi; };
         c=; trap '[ -z "$c" ] || kill -TERM $c 2>/dev/null' TERM;
         keep <.dask-out & a=$!; keep <.dask-err >&2 & b=$!;
         "$@" >.dask-out 2>.dask-err & c=$!;
         wait $c; s=$?; while kill -0 $c 2>/dev/null; do wait $c; s=$?; done;
         { sleep 5; kill $a $b; } >/dev/null 2>&1 & k=$!;
         wait $a $b; kill $k 2>/dev/null; sleep 1; trap - TERM;
         [ $s -le 128 ] || kill -$((s-128)) $$;
         exit $s;
        fi; {{Run}}
        """).ReplaceLineEndings("");
}
