using System.Globalization;
using System.Text;
using Gateway.Backends.HTCondor.Jobs;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>The text of one submission: the lines that its jobs share, and a row for each job.</summary>
/// <remarks>
/// HTCondor 24 and later take a single queue statement. What differs between clusters (environment, files) is therefore kept
/// in macros <c>name.N</c>, and each row says which N is its own.
/// </remarks>
internal static class SubmitDescription
{
    public const int ArgumentLimit = 65536;

    /// <summary>The description of jobs whose template is the same.</summary>
    public static string Write(string template, IReadOnlyList<PreparedJob> jobs)
    {
        var text = new StringBuilder(template.Length + (jobs.Count * 300));
        text.Append(template);
        var sections = new Dictionary<JobSection, int>();
        foreach (var section in jobs.Select(job => job.Section))
        {
            if (!sections.TryAdd(section, sections.Count))
            {
                continue;
            }

            var n = sections[section].ToString(CultureInfo.InvariantCulture);
            text.Append("cluster.").Append(n).Append(" = ").Append(section.Cluster).Append('\n');
            text.Append("env.").Append(n).Append(" = ").Append(section.Environment).Append('\n');
            text.Append("files.").Append(n).Append(" = ").Append(section.Files).Append('\n');
            text.Append("folder.").Append(n).Append(" = ").Append(section.Folder).Append('\n');
        }

        text.Append("""
            arguments = "$(args)"
            environment = "$(env.$(section))"
            transfer_input_files = $(files.$(section))
            initialdir = $(folder.$(section))

            """);
        text.Append(CultureInfo.InvariantCulture, $"My.{JobAttributes.Job} = \"$(job)\"\n");
        text.Append(CultureInfo.InvariantCulture, $"My.{JobAttributes.Cluster} = \"$(cluster.$(section))\"\n");
        text.Append(CultureInfo.InvariantCulture, $"My.{JobAttributes.Attempt} = $(attempt)\n");
        text.Append("queue section, job, attempt, args from (\n");
        foreach (var job in jobs)
        {
            text.Append(CultureInfo.InvariantCulture, $"{sections[job.Section]} {job.Name} {job.Attempt} {job.Arguments}\n");
        }

        return text.Append(")\n").ToString();
    }
}
