namespace Gateway.Backends.Local.Processes;

/// <summary>The shell script that stands between gateway and job, and writes down what happens while no gateway looks.</summary>
/// <remarks>
/// POSIX sh, builtins only: it costs a fork, and exists on every machine. It leads the job's session and process group,
/// so its number names the group; it outlives the group's signals and the gateway, and records the exit code.
/// It inherits the lock of the job (descriptor 3): the lock is held from before the process exists until it is gone,
/// which is what makes a start exact however the gateway dies. The job itself does not get that descriptor.
/// </remarks>
internal static class Supervisor
{
    public const string Shell = "/bin/sh";

    /// <summary>Set for every process of a job to the job's handle: what has left the session is found by it.</summary>
    public const string Marker = "DASK_GATEWAY_LOCAL_JOB";

    /// <summary>Exit code of a supervisor that could not set its job up.</summary>
    public const int SetupFailed = 125;

    // pid: number, start time (field 22 of stat) and boot of the leader, in one write; a line without its end counts as
    // absent. It comes before the look for "stop", and a stopper writes "stop" before it looks for "pid": one sees the other.
    private const string Begin = """
        # Runs one job of the gateway: dask-gateway's local backend wrote this for this job alone.
        trap : HUP INT QUIT TERM
        umask 077
        cd -- "${0%/*}" || exit 125
        IFS=' ' read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ < "/proc/$$/stat"
        read -r boot < /proc/sys/kernel/random/boot_id
        echo "$$ $start $boot" > pid || exit 125
        if [ -e stop ]; then echo 143 > exit; exit 143; fi
        nice=$1 oom=$2
        shift 2
        (
            exec 3>&-
            if [ "$oom" != 0 ]; then { echo "$oom" > /proc/self/oom_score_adj; } 2> /dev/null; fi
            if [ "$nice" != 0 ]; then { echo "$nice" > /proc/self/autogroup; } 2> /dev/null; fi
            cd work || exit 125

        """;

    // Whoever the command has left behind in its group is told to end; the backend ends who does not.
    private const string End = """

        )
        code=$?
        echo "$code" > exit
        trap '' TERM
        kill -TERM 0
        exit "$code"
        """;

    // The job's variables only reach the shell that becomes the job: they are the user's, and the supervisor may be root.
    private const string Enter = ". ../environment && exec \"$@\"";

    /// <summary>The script, which lies in the job's directory: that is where it finds everything.</summary>
    /// <param name="changes">Whether the command line changes to another account first.</param>
    public static string Script(bool changes) => Begin + (changes ? "exec \"$@\"" : Enter) + End + "\n";

    /// <summary>The supervisor's command line.</summary>
    /// <param name="script">Full path of the script.</param>
    /// <param name="nice">0 to 19.</param>
    /// <param name="oomScore">0 to 1000; 0 leaves it.</param>
    /// <param name="prefix">What changes to the job's account; null: the gateway's own.</param>
    /// <param name="command">The job's.</param>
    public static List<string> Command(string script, int nice, int oomScore, IReadOnlyList<string>? prefix, IReadOnlyList<string> command)
    {
        List<string> line = [Shell, script, Text(nice), Text(oomScore)];
        if (nice > 0 && prefix is not null)
        {
            line.AddRange(["nice", "-n", Text(nice)]);
        }

        if (prefix is not null)
        {
            line.AddRange([.. prefix, Shell, "-c", Enter, "dask-gateway-job"]);
        }

        if (nice > 0 && prefix is null)
        {
            line.AddRange(["nice", "-n", Text(nice)]);
        }

        line.AddRange(command);
        return line;
    }

    private static string Text(int value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
