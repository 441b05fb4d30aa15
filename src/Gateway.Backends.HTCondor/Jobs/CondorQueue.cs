using System.Globalization;
using System.Text.Json;
using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Tools;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>Asks schedds for jobs, and has them removed.</summary>
internal sealed class CondorQueue(HTCondorOptions options, CondorTools tools, ScheddPool schedds, Impersonation identity)
{
    // Below the longest argument that Linux takes.
    private const int MaxConstraint = 100_000;
    private const int NamesPerQuery = 500;

    /// <summary>The jobs of one schedd that a constraint picks.</summary>
    /// <exception cref="ToolException">It did not answer.</exception>
    public async Task<IReadOnlyList<JobAd>> QueryAsync(Schedd schedd, string constraint, CancellationToken cancellationToken)
    {
        var environment = await identity.ForQueryAsync(cancellationToken);
        var call = new ToolCall("condor_q", [.. schedd.Arguments, "-allusers", "-constraint", constraint, "-json", "-attributes", JobAd.Attributes]) { Timeout = options.Tools.Timeout, Environment = environment };
        try
        {
            var result = await tools.RunAsync(call, cancellationToken);
            schedds.Note(schedd, null);
            return JobAds.Read(result.Output.Span);
        }
        catch (JsonException exception)
        {
            throw new ToolException(call.Tool, ToolFault.Unreachable, $"The answer of schedd {schedd.Scope} is not complete: {exception.Message}", exception);
        }
        catch (ToolException exception)
        {
            schedds.Note(schedd, exception);
            throw;
        }
    }

    /// <summary>Jobs by name, wherever they are; each schedd is asked.</summary>
    /// <returns>The jobs found, and the schedds that did not answer.</returns>
    public async Task<(IReadOnlyList<(Schedd Schedd, JobAd Ad)> Jobs, IReadOnlyDictionary<Schedd, ToolException> Silent)> FindAsync(Constraint constraint, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var found = new List<(Schedd, JobAd)>();
        var silent = new Dictionary<Schedd, ToolException>();
        foreach (var schedd in schedds.All)
        {
            try
            {
                foreach (var some in names.Chunk(NamesPerQuery))
                {
                    found.AddRange((await QueryAsync(schedd, constraint.Names(some), cancellationToken)).Select(ad => (schedd, ad)));
                }
            }
            catch (ToolException exception)
            {
                silent[schedd] = exception;
            }
        }

        return (found, silent);
    }

    /// <summary>How jobs have ended, newest first.</summary>
    /// <exception cref="ToolException">The schedd's history could not be read.</exception>
    public async Task<IReadOnlyList<JobAd>> HistoryAsync(Schedd schedd, string constraint, int max, CancellationToken cancellationToken)
    {
        var environment = await identity.ForQueryAsync(cancellationToken);
        string[] bounds = ["-limit", max.ToString(CultureInfo.InvariantCulture), "-scanlimit", options.History.ScanLimit.ToString(CultureInfo.InvariantCulture)];
        var call = new ToolCall("condor_history", [.. schedd.Arguments, "-constraint", constraint, .. bounds, "-json", "-attributes", JobAd.Attributes]) { Timeout = options.Tools.Timeout, Environment = environment };
        var result = await tools.RunAsync(call, cancellationToken);
        try
        {
            return JobAds.Read(result.Output.Span);
        }
        catch (JsonException exception)
        {
            throw new ToolException(call.Tool, ToolFault.Unreachable, $"The history of schedd {schedd.Scope} is not complete: {exception.Message}", exception);
        }
    }

    /// <summary>Has jobs removed, as the account that they belong to. Jobs that are gone are no failure.</summary>
    /// <exception cref="ToolException">The schedd did not answer, or does not let them be removed.</exception>
    public async Task RemoveAsync(Schedd schedd, string account, Constraint constraint, IReadOnlyCollection<JobId> ids, CancellationToken cancellationToken)
    {
        var environment = await identity.AsAsync(account, cancellationToken);
        foreach (var some in Pieces(constraint, ids))
        {
            try
            {
                await tools.RunAsync(new ToolCall("condor_rm", [.. schedd.Arguments, "-constraint", some]) { Timeout = options.Tools.Timeout, Environment = environment }, cancellationToken);
                schedds.Note(schedd, null);
            }
            catch (ToolException exception) when (exception.Fault == ToolFault.Rejected)
            {
                // Its words for jobs that are gone, and for some that it may not remove: the query that follows tells which.
                schedds.Note(schedd, null);
            }
            catch (ToolException exception)
            {
                schedds.Note(schedd, exception);
                throw;
            }
        }
    }

    private static IEnumerable<string> Pieces(Constraint constraint, IReadOnlyCollection<JobId> ids)
    {
        var text = constraint.Ids(ids);
        if (text.Length <= MaxConstraint || ids.Count == 1)
        {
            return [text];
        }

        var sorted = ids.Order().ToList();
        return Pieces(constraint, sorted[..(sorted.Count / 2)]).Concat(Pieces(constraint, sorted[(sorted.Count / 2)..]));
    }
}
