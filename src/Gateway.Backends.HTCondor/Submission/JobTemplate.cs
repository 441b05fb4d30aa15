using System.Globalization;
using System.Text;
using Gateway.Backends.HTCondor.Images;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>Writes the lines that like jobs share: all that configuration, the cluster's resources and its owner's choices decide.</summary>
internal sealed class JobTemplate(HTCondorOptions options, BackendContext context)
{
    // Held while its files are spooled: the schedd's own state, not one to be released from.
    private const int Spooling = 16;
    private const int MaxTries = 10;

    /// <exception cref="SubmitTextException">A value cannot be written.</exception>
    public string Write(JobStart job, SubmitOptions submit, UserChoices choices, ImageUse image, string? log, DateTimeOffset? leaveBy)
    {
        var text = new StringBuilder();
        Identity(text, job, submit, choices);
        Resources(text, job, submit, choices);
        Policy(text, submit, leaveBy);
        Output(text, submit, log);
        Container(text, submit, image);
        foreach (var (name, value) in submit.Attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Line(text, $"My.{name}", value);
        }

        foreach (var (name, value) in choices.Attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Line(text, $"My.{name}", value);
        }

        foreach (var line in submit.Lines)
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    private void Identity(StringBuilder text, JobStart job, SubmitOptions submit, UserChoices choices)
    {
        var account = SubmitText.Name(job.Spec.Account, "the account");
        Line(text, "executable", "/bin/sh");
        Line(text, "transfer_executable", "False");
        Line(text, "notification", "Never");
        Line(text, $"My.{JobAttributes.Gateway}", SubmitText.ClassAdString(context.GatewayId, "the gateway's identity"));
        Line(text, $"My.{JobAttributes.Label}", SubmitText.ClassAdString(context.GatewayLabel, "the gateway's name"));
        Line(text, $"My.{JobAttributes.Backend}", SubmitText.ClassAdString(context.Instance, "the backend's name"));
        Line(text, $"My.{JobAttributes.Kind}", SubmitText.ClassAdString(job.Kind.ToString(), "the kind"));
        Line(text, $"My.{JobAttributes.Account}", SubmitText.ClassAdString(account, "the account"));
        if (options.Identity.Mode == IdentityMode.SuperUser)
        {
            Line(text, "My.Owner", SubmitText.ClassAdString(account, "the account"));
        }

        if ((choices.AccountingGroup ?? options.Identity.AccountingGroup) is { Length: > 0 } group)
        {
            Line(text, "accounting_group", group);
        }

        if (options.Identity.AccountingUser)
        {
            Line(text, "accounting_group_user", account);
        }

        if (submit.MaxDuration is { } duration && submit.DurationAttribute.Length > 0)
        {
            Line(text, $"My.{submit.DurationAttribute}", Seconds(duration));
        }
    }

    private static void Resources(StringBuilder text, JobStart job, SubmitOptions submit, UserChoices choices)
    {
        Line(text, "request_cpus", ((int)Math.Ceiling(job.Resources.Cores)).ToString(CultureInfo.InvariantCulture));
        Line(text, "request_memory", ((job.Resources.Memory + (1L << 20) - 1) >> 20).ToString(CultureInfo.InvariantCulture));
        if ((choices.Disk ?? job.Resources.Disk ?? submit.Disk) is { } disk)
        {
            Line(text, "request_disk", ((disk + 1023) >> 10).ToString(CultureInfo.InvariantCulture));
        }

        var gpus = choices.Gpus ?? job.Resources.Gpus;
        if (gpus > 0 && job.Kind == JobKind.Worker)
        {
            Line(text, "request_gpus", gpus.ToString(CultureInfo.InvariantCulture));
        }

        // A name is used once: a job that has begun matches no machine again, and the policy below removes it.
        string?[] requirements = ["(NumJobStarts ?: 0) == 0", submit.Requirements, choices.Requirements];
        Line(text, "requirements", string.Join(" && ", requirements.Where(part => !string.IsNullOrWhiteSpace(part)).Select(part => $"({part})")));
        if ((choices.Rank ?? submit.Rank) is { Length: > 0 } rank)
        {
            Line(text, "rank", rank);
        }

        var limits = submit.ConcurrencyLimits.Concat(choices.ConcurrencyLimits).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (limits.Count > 0)
        {
            Line(text, "concurrency_limits", string.Join(", ", limits));
        }
    }

    private static void Policy(StringBuilder text, SubmitOptions submit, DateTimeOffset? leaveBy)
    {
        Line(text, "job_lease_duration", Seconds(submit.LeaseDuration));
        Line(text, "job_max_vacate_time", Seconds(submit.MaxVacateTime));
        var lost = "(JobStatus == 1 && (NumJobStarts ?: 0) > 0)";
        var overdue = submit.MaxDuration is { } limit ? $"(JobStatus == 2 && JobCurrentStartExecutingDate =!= undefined && time() - JobCurrentStartExecutingDate > {Seconds(limit)})" : "False";
        var forgotten = $"(JobStatus == 5 && time() - EnteredCurrentStatus > {Seconds(submit.HeldRetention)})";
        // What would begin with credentials that end at once makes room for a job with new ones.
        var stale = leaveBy is { } time ? $"(JobStatus == 1 && time() > {time.ToUnixTimeSeconds()})" : "False";
        // HTCondor tries without end, several times a minute, where a machine cannot even begin (its files do not come, the starter dies).
        var stuck = $"(JobStatus == 1 && (NumJobStarts ?: 0) == 0 && (NumShadowStarts ?: 0) > {MaxTries + submit.ReleaseTimes})";
        Line(text, "periodic_remove", $"{lost} || {overdue} || {stale} || {stuck} || {forgotten}");
        Line(text, "My.PeriodicRemoveReason", $"ifThenElse({lost}, \"{Removals.Lost}\", ifThenElse({overdue}, \"{Removals.Overdue}\", ifThenElse({stale}, \"{Removals.Stale}\", ifThenElse({stuck}, \"{Removals.Unstartable}\", \"{Removals.Forgotten}\"))))");
        if (submit.ReleaseTimes > 0)
        {
            var codes = string.Join(',', submit.ReleaseCodes.Count > 0 ? submit.ReleaseCodes : HoldCodes.Passing);
            Line(text, "periodic_release", $"HoldReasonCode =!= {Spooling} && member(HoldReasonCode, {{{codes}}}) && (NumJobStarts ?: 0) == 0 && (NumHolds ?: 0) <= {submit.ReleaseTimes} && time() - EnteredCurrentStatus > {Seconds(submit.ReleaseAfter)}");
        }
    }

    private void Output(StringBuilder text, SubmitOptions submit, string? log)
    {
        Line(text, "should_transfer_files", "YES");
        Line(text, "when_to_transfer_output", "ON_EXIT_OR_EVICT");
        // Without it all that the job has made in its folder would come back.
        Line(text, "transfer_output_files", "\"\"");
        Line(text, "max_transfer_output_mb", submit.MaxOutputMegabytes.ToString(CultureInfo.InvariantCulture));
        Line(text, "output", $"$(job).{OutputFiles.Output}");
        Line(text, "error", $"$(job).{OutputFiles.Error}");
        if (submit.StreamOutput)
        {
            Line(text, "stream_output", "True");
            Line(text, "stream_error", "True");
        }

        if (log is not null)
        {
            Line(text, "log", log);
        }

        Line(text, "leave_in_queue", options.Files.Mode == Options.FileMode.Spool
            ? $"JobStatus == 4 && (StageOutFinish ?: 0) <= EnteredCurrentStatus && time() - EnteredCurrentStatus < {Seconds(options.Files.OutputGrace)}"
            : "False");
    }

    private static void Container(StringBuilder text, SubmitOptions submit, ImageUse image)
    {
        if (image.Name is null)
        {
            return;
        }

        switch (submit.Container.Mode)
        {
            case ContainerMode.Universe:
                Line(text, "universe", "container");
                Line(text, "container_image", SubmitText.Plain(image.Name, "the image"));
                Line(text, "container_target_dir", "/srv");
                break;
            case ContainerMode.Attribute:
                Line(text, $"My.{submit.Container.Attribute}", SubmitText.ClassAdString(image.Name, "the image"));
                if (submit.Container.Binds.Count > 0 && submit.Container.BindAttribute.Length > 0)
                {
                    Line(text, $"My.{submit.Container.BindAttribute}", SubmitText.ClassAdString(string.Join(',', submit.Container.Binds), "the bind mounts"));
                }

                break;
            default:
                break;
        }
    }

    private static void Line(StringBuilder text, string command, string value) => text.Append(command).Append(" = ").Append(value).Append('\n');

    private static string Seconds(TimeSpan time) => ((long)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
