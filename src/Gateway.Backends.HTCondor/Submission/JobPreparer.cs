using System.Globalization;
using Gateway.Backends.HTCondor.Files;
using Gateway.Backends.HTCondor.Identity;
using Gateway.Backends.HTCondor.Images;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Tools;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>Makes of a job to start what is written of it into a submit description, and lays out its files.</summary>
internal sealed class JobPreparer(
    HTCondorOptions options, SubmitLayers layers, UserFields fields, JobTemplate template, ClusterFiles files, Credentials credentials, Impersonation identity, CondorTools tools)
{
    // Read by the worker's plugin, which lets the worker hand its data over and leave by then.
    private const string LeaveByVariable = "DASK_GATEWAY_LEAVE_BY";

    /// <param name="index">Its place in the batch.</param>
    /// <param name="job">What to start.</param>
    /// <param name="log">The event log to write to; null: none.</param>
    /// <param name="cancellationToken">Ends the wait for credentials.</param>
    /// <exception cref="SubmitTextException">It cannot be started: the message is for its owner.</exception>
    public async Task<PreparedJob> PrepareAsync(int index, JobStart job, string? log, CancellationToken cancellationToken)
    {
        SubmitText.Name(job.Name, "the job");
        SubmitText.Name(job.Cluster, "the cluster");
        if (identity.Refusal(job.Spec.Account) is { } refusal)
        {
            throw new SubmitTextException(refusal);
        }

        var choices = fields.Read(job.Spec.Backend);
        var submit = layers.Resolve(job.Kind, choices.Profile);
        var image = ImagePolicy.Choose(job.Spec.Image, submit.Container);
        var own = await credentials.GetAsync(job.Spec.Account, cancellationToken);

        var environment = new Dictionary<string, string>(submit.Environment);
        foreach (var (name, value) in job.Environment.Concat(own.Environment))
        {
            environment[name] = value;
        }

        if (own.Environment.Count > 0)
        {
            environment[JobScript.PathsVariable] = string.Join(' ', own.Environment.Keys.Order(StringComparer.Ordinal));
        }

        var leaveBy = job.Kind == JobKind.Worker ? own.LeaveBy : null;
        if (leaveBy is { } by)
        {
            environment[LeaveByVariable] = by.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        }

        // Of what a job streams into the spool nothing can be taken out again; in the gateway's own folder its beginning can.
        var isBounded = submit.StreamOutput && options.Files.Mode == Options.FileMode.Spool;
        environment[JobScript.Variable] = JobScript.Write(isBounded ? (long)submit.MaxOutputMegabytes << 20 : null);
        environment.TryAdd("PATH", "/usr/local/bin:/usr/bin:/bin");
        var paths = job.Files.Concat(own.Files).Select(file => tools.Inside(files.Put(job.Cluster, file))).Order(StringComparer.Ordinal).ToList();
        var section = new JobSection(job.Cluster, SubmitText.Environment(environment), string.Join(", ", paths), tools.Inside(files.Folder(job.Cluster)));
        var arguments = SubmitText.Arguments([.. JobScript.Arguments, .. submit.Wrapper, .. ImagePolicy.Prefix(image, submit.Container), .. job.Command]);
        if (arguments.Length > SubmitDescription.ArgumentLimit)
        {
            throw new SubmitTextException($"the command has more than {SubmitDescription.ArgumentLimit} characters");
        }

        var shared = template.Write(job, submit, choices, image, log, leaveBy) + own.Lines;
        return new PreparedJob(index, job, shared, section, arguments);
    }

    /// <summary>The options that a specification's workers get.</summary>
    /// <exception cref="SubmitTextException">Its fields are wrong.</exception>
    public SubmitOptions Resolve(JobKind kind, Core.Clusters.ClusterSpec spec) => layers.Resolve(kind, fields.Read(spec.Backend).Profile);

    /// <summary>Why jobs of a specification could not be started; null: they could.</summary>
    public string? Refusal(Core.Clusters.ClusterSpec spec)
    {
        try
        {
            if (identity.Refusal(spec.Account) is { } refusal)
            {
                return refusal;
            }

            SubmitText.Environment(spec.Environment);
            foreach (var kind in Enum.GetValues<JobKind>())
            {
                ImagePolicy.Choose(spec.Image, Resolve(kind, spec).Container);
            }

            return null;
        }
        catch (SubmitTextException exception)
        {
            return exception.Sentence;
        }
    }
}
