using System.Diagnostics;
using System.Globalization;
using Gateway.Backends.Local.Accounts;
using Gateway.Backends.Local.Processes;
using Microsoft.Extensions.Logging;

namespace Gateway.Backends.Local.Jobs;

/// <summary>Removes directories: taken away in one step, so that a death in between leaves no half of a job, then deleted.</summary>
/// <param name="folder">Where directories wait to be deleted; on the jobs' file system.</param>
/// <param name="accountTool">What changes to a job's account; null when jobs run as the gateway.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to log.</param>
internal sealed partial class Trash(string folder, string? accountTool, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Takes a directory away; it is deleted by <see cref="EmptyAsync"/> or <see cref="DeleteAsync"/>.</summary>
    public string Take(string path)
    {
        var taken = Path.Combine(folder, $"{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        Directory.Move(path, taken);
        return taken;
    }

    /// <summary>Deletes whatever was taken away, by us or by who came before.</summary>
    public async Task EmptyAsync(CancellationToken cancellationToken)
    {
        foreach (var path in Directory.EnumerateDirectories(folder))
        {
            await DeleteAsync(path, cancellationToken);
        }
    }

    /// <summary>Deletes one directory that was taken away; what cannot be deleted is tried again later.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        var directory = new JobDirectory(path);
        try
        {
            if (accountTool is not null && directory.ReadRecord()?.Account is { } account && Directory.Exists(directory.Work))
            {
                await DeleteAsAsync(account, directory.Work, cancellationToken);
            }

            if (LibC.EffectiveUser() != 0)
            {
                Open(path);
            }

            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another was faster.
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            LogNotDeleted(path, e);
        }
    }

    /// <summary>Empties and removes an account's folder with that account's rights: as root, a link put there in time would lead us anywhere.</summary>
    private async Task DeleteAsAsync(string name, string work, CancellationToken cancellationToken)
    {
        if (AccountDirectory.Find(name) is { } account && account.User != 0)
        {
            var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = work, RedirectStandardInput = true, RedirectStandardError = true };
            string[] arguments =
            [
                "-c", "exec \"$@\" < /dev/null", "sh", .. AccountChange.Prefix(accountTool!, account),
                "/bin/sh", "-c", "chmod -R u+rwX . ; exec find . -xdev -mindepth 1 -delete",
            ];
            foreach (var argument in arguments)
            {
                start.ArgumentList.Add(argument);
            }

            start.Environment.Clear();
            start.Environment["PATH"] = JobEnvironment.DefaultPath;
            using var process = Process.Start(start) ?? throw new InvalidOperationException("No process was made to delete with.");
            using var patience = new CancellationTokenSource(Longest, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            try
            {
                process.StandardInput.Close();
                await process.StandardError.ReadToEndAsync(either.Token);
                await process.WaitForExitAsync(either.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw new IOException($"The folder of account '{name}' was not emptied within {Longest.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.");
            }
        }

        // Fails when anything is left, which then stays where it is.
        Directory.Delete(work, recursive: false);
    }

    /// <summary>Makes folders that the job has closed to itself deletable again.</summary>
    private static void Open(string path)
    {
        var folders = new Stack<string>([path]);
        while (folders.TryPop(out var folder))
        {
            var mode = File.GetUnixFileMode(folder);
            if ((mode & JobDirectory.PrivateFolder) != JobDirectory.PrivateFolder)
            {
                File.SetUnixFileMode(folder, mode | JobDirectory.PrivateFolder);
            }

            foreach (var inner in new DirectoryInfo(folder).EnumerateDirectories().Where(inner => inner.LinkTarget is null))
            {
                folders.Push(inner.FullName);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The directory {Path} could not be deleted; it is tried again")]
    private partial void LogNotDeleted(string path, Exception exception);
}
