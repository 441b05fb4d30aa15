using System.Globalization;
using System.Text;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Submission;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>Constraints that pick jobs of this gateway and backend, and never anybody else's.</summary>
internal sealed class Constraint
{
    private readonly string _ours;

    public Constraint(HTCondorOptions options, BackendContext context)
    {
        var text = $"{JobAttributes.Gateway} == {SubmitText.Literal(context.GatewayId)} && {JobAttributes.Backend} == {SubmitText.Literal(context.Instance)}";
        // Attributes can be imitated, owners cannot.
        _ours = options.Identity.Mode switch
        {
            IdentityMode.Service when options.Identity.ServiceAccount.Length > 0 => $"{text} && Owner == {SubmitText.Literal(options.Identity.ServiceAccount)}",
            IdentityMode.Service => text,
            _ => $"{text} && Owner == {JobAttributes.Account}",
        };
    }

    public string All() => _ours;

    public string Names(IEnumerable<string> names) =>
        $"{_ours} && member({JobAttributes.Job}, {{{string.Join(',', names.Select(SubmitText.Literal).Append("\"\""))}}})";

    /// <summary>Jobs by number. Neighbours are written as one range: a schedd compares each of its jobs with all of this.</summary>
    public string Ids(IEnumerable<JobId> ids)
    {
        var text = new StringBuilder(_ours).Append(" && (");
        var first = true;
        foreach (var cluster in ids.Distinct().GroupBy(id => id.Cluster).OrderBy(group => group.Key))
        {
            text.Append(first ? "" : " || ").Append(CultureInfo.InvariantCulture, $"(ClusterId == {cluster.Key} && (");
            var procs = cluster.Select(id => id.Proc).Order().ToList();
            for (var (start, i) = (0, 1); i <= procs.Count; i++)
            {
                if (i < procs.Count && procs[i] == procs[i - 1] + 1)
                {
                    continue;
                }

                text.Append(start == 0 ? "" : " || ");
                text.Append(CultureInfo.InvariantCulture, $"(ProcId >= {procs[start]} && ProcId <= {procs[i - 1]})");
                start = i;
            }

            text.Append("))");
            first = false;
        }

        return text.Append(')').ToString();
    }
}
