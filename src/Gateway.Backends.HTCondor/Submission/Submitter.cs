using System.Text.RegularExpressions;
using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Tools;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>Runs condor_submit.</summary>
internal sealed partial class Submitter(HTCondorOptions options, CondorTools tools, ScheddPool schedds, Impersonation identity, ToolMetrics metrics)
{
    /// <summary>Submits jobs of one account and one template in one transaction.</summary>
    /// <returns>Their numbers, in order.</returns>
    /// <exception cref="ToolException">It failed. Unless the fault is <see cref="ToolFault.Missing"/>, what reached the queue must be asked for.</exception>
    public async Task<IReadOnlyList<JobId>> SubmitAsync(Schedd schedd, IReadOnlyList<PreparedJob> jobs, CancellationToken cancellationToken)
    {
        var environment = await identity.AsAsync(jobs[0].Account, cancellationToken);
        List<string> arguments = [.. schedd.Arguments, "-terse"];
        if (options.Files.Mode == Options.FileMode.Spool)
        {
            arguments.Add("-spool");
        }

        arguments.Add("-");
        var call = new ToolCall("condor_submit", arguments) { Input = SubmitDescription.Write(jobs[0].Template, jobs), Timeout = options.Tools.SubmitTimeout, Environment = environment };
        try
        {
            var result = await tools.RunAsync(call, cancellationToken);
            var ids = Read(result.Text);
            if (ids.Count != jobs.Count)
            {
                throw new ToolException(call.Tool, ToolFault.Unreachable, $"condor_submit confirmed {ids.Count} jobs of {jobs.Count}");
            }

            schedds.Note(schedd, null);
            schedd.Submitted(jobs.Count);
            metrics.Submitted(jobs.Count);
            return ids;
        }
        catch (ToolException exception)
        {
            schedds.Note(schedd, exception);
            throw;
        }
    }

    /// <summary>Reads what <c>condor_submit -terse</c> prints: lines such as <c>1365.0 - 1365.2</c>.</summary>
    internal static IReadOnlyList<JobId> Read(string text)
    {
        var ids = new List<JobId>();
        foreach (Match match in Range().Matches(text))
        {
            if (!JobId.TryParse(match.Groups[1].ValueSpan, out var first) || !JobId.TryParse(match.Groups[2].ValueSpan, out var last)
                || first.Cluster != last.Cluster || last.Proc - first.Proc > SaneCount)
            {
                return [];
            }

            for (var proc = first.Proc; proc <= last.Proc; proc++)
            {
                ids.Add(first with { Proc = proc });
            }
        }

        return ids;
    }

    private const int SaneCount = 1_000_000;

    [GeneratedRegex(@"^[ \t]*(\d{1,10}\.\d{1,10})[ \t]+-[ \t]+(\d{1,10}\.\d{1,10})[ \t\r]*$", RegexOptions.Multiline)]
    private static partial Regex Range();
}
