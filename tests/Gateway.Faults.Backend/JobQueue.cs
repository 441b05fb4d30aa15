using System.Diagnostics;
using System.Security.Cryptography;
using Gateway.Core.Backends;

namespace Gateway.Faults.Backend;

/// <summary>
/// The queue's folders. As with a batch system, a job exists from the moment it was handed over, whoever dies then, and nothing
/// keeps a name from being submitted twice: that it is not is the gateway's doing, and <c>starts.log</c> tells.
/// </summary>
internal sealed class JobQueue
{
    private static readonly string Tools = Path.GetDirectoryName(typeof(JobQueue).Assembly.Location)!;
    private static readonly TimeSpan LaunchTime = TimeSpan.FromSeconds(5);
    private readonly string _root;
    private readonly string _gateways;

    public JobQueue(string root, string gateways)
    {
        (_root, _gateways) = (Path.GetFullPath(root), gateways);
        foreach (string folder in new[] { "new", "jobs", "gone" })
        {
            Directory.CreateDirectory(Path.Combine(_root, folder));
        }
    }

    /// <summary>While there is a file <c>mute</c> in the queue's folder it does what it is asked, and never says so.</summary>
    public async Task AnswerAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(_root, "mute")))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }

    public IReadOnlyList<QueuedJob> All => [.. Directory.GetDirectories(Path.Combine(_root, "jobs")).Select(QueuedJob.Parse).OfType<QueuedJob>()];

    public IReadOnlyList<QueuedJob> Find(JobHandle job) =>
        [.. All.Where(j => job.Handle is null ? j.Name == job.Name : j.Handle == job.Handle)];

    public async Task<string> SubmitAsync(JobStart start)
    {
        string handle = $"{start.Name}@{start.Cluster}@{start.Kind}@{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        string folder = Path.Combine(_root, "new", handle);
        Directory.CreateDirectory(folder);
        foreach (var file in start.Files)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, file.Name), file.Content);
        }

        string[] command = start.Kind == JobKind.Scheduler ? ["/usr/bin/python3", "-S", "-E", Path.Combine(Tools, "scheduler.py")] : ["sleep", "100000"];
        var info = new ProcessStartInfo("/bin/sh", [Path.Combine(Tools, "launch.sh"), _root, handle, start.Name, .. command]);
        info.Environment.Remove("DOTNET_STARTUP_HOOKS");
        foreach (var (name, value) in start.Environment)
        {
            info.Environment[name] = value;
        }

        info.Environment["FAULTS_GATEWAYS"] = _gateways;
        info.Environment["FAULTS_ROOT"] = _root;
        using var launcher = Process.Start(info)!;
        await launcher.WaitForExitAsync();
        return handle;
    }

    public async Task StopAsync(QueuedJob job, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        int? pid;
        while ((pid = job.Pid) is null && Directory.Exists(job.Folder))
        {
            if (Stopwatch.GetElapsedTime(begun) > LaunchTime)
            {
                throw new BackendUnavailableException($"Job {job.Handle} neither starts nor goes.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
        }

        if (pid is { } found && job.Runs(found))
        {
            using var kill = Process.Start("/bin/sh", ["-c", $"kill -KILL {found}"]);
            await kill.WaitForExitAsync(cancellationToken);
        }

        try
        {
            Directory.Move(job.Folder, Path.Combine(_root, "gone", job.Handle));
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody else has stopped it meanwhile.
        }
    }

    public void Clean(JobHandle job)
    {
        foreach (var ended in Find(job).Where(j => j.Pid is { } pid && !j.Runs(pid)))
        {
            Remove(ended.Folder);
        }

        if (job.Handle is { } handle)
        {
            Remove(Path.Combine(_root, "gone", handle));
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was left.
        }
    }
}
