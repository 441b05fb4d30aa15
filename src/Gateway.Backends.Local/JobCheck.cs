using Gateway.Backends.Local.Jobs;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local;

/// <summary>What can be told of a job before anything of it is made.</summary>
internal static class JobCheck
{
    private const int LongestFileName = 255;

    /// <summary>Why it can never be started as it is; null: nothing against it.</summary>
    public static string? Problem(JobStart job, LocalOptions options)
    {
        if (!JobNames.IsValid(job.Name))
        {
            return $"The job's name '{job.Name}' cannot be used: allowed are {JobNames.Allowed}.";
        }

        if (job.Files.FirstOrDefault(file => !IsFileName(file.Name)) is { } file)
        {
            return $"The job's file '{file.Name}' cannot be used: allowed are plain names of 1 to {LongestFileName} bytes without '/'.";
        }

        if (job.Files.GroupBy(file => file.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            return $"The job's file '{twice.Key}' is given twice.";
        }

        if (job.Command.Count == 0 || job.Command[0].Length == 0)
        {
            return "The job has no command.";
        }

        if (job.Command.Any(argument => argument.Contains('\0', StringComparison.Ordinal)))
        {
            return "The job's command has a zero byte.";
        }

        return JobEnvironment.Problem(job.Environment) ?? (CanExecute(job, options) ? null : Missing(job.Command[0]));
    }

    private static string Missing(string program) =>
        $"The program '{program}' was not found on this machine, or is not executable; the backend's Dask commands and PATH say where it is looked for.";

    private static bool CanExecute(JobStart job, LocalOptions options)
    {
        var program = job.Command[0];
        if (program.Contains('/', StringComparison.Ordinal))
        {
            // What lies in the working directory is not there yet.
            return !Path.IsPathRooted(program) || IsExecutable(program);
        }

        var inherited = options.InheritEnvironment.Contains("PATH") ? Environment.GetEnvironmentVariable("PATH") : null;
        var path = job.Environment.GetValueOrDefault("PATH") ?? inherited ?? JobEnvironment.DefaultPath;
        return path.Split(':').Any(folder => !Path.IsPathRooted(folder) || IsExecutable(Path.Combine(folder, program)));
    }

    private static bool IsExecutable(string path)
    {
        const UnixFileMode Any = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        try
        {
            return File.Exists(path) && (File.GetUnixFileMode(path) & Any) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsFileName(string name) =>
        name is not ("" or "." or "..")
        && !name.AsSpan().ContainsAny('/', '\0')
        && System.Text.Encoding.UTF8.GetByteCount(name) <= LongestFileName;
}
