using Gateway.Backends.Local.Jobs;
using Microsoft.Extensions.Options;

namespace Gateway.Backends.Local;

/// <summary>The folders of a local backend.</summary>
/// <param name="Jobs">A directory for each job.</param>
/// <param name="Trash">Directories that are being deleted.</param>
internal sealed record LocalFolders(string Jobs, string Trash)
{
    /// <summary>Makes them, closed to others as far as the jobs' accounts allow.</summary>
    public static LocalFolders Make(LocalOptions options, string section)
    {
        var folders = new LocalFolders(Path.Combine(options.Folder, "jobs"), Path.Combine(options.Folder, "trash"));
        var way = options.RunAs == RunAs.Account ? JobDirectory.PassableFolder : JobDirectory.PrivateFolder;
        Directory.CreateDirectory(options.Folder, way);
        Directory.CreateDirectory(folders.Jobs, way);
        Directory.CreateDirectory(folders.Trash, JobDirectory.PrivateFolder);
        _ = SpreadFolder.TryMark(folders.Jobs);
        File.SetUnixFileMode(folders.Jobs, way);
        if (options.RunAs == RunAs.Account)
        {
            File.SetUnixFileMode(options.Folder, way);
            CheckWay(options.Folder, section);
        }

        return folders;
    }

    // Accounts must reach their working directories from the root, for programs name files by their full path.
    private static void CheckWay(string folder, string section)
    {
        for (var parent = Path.GetDirectoryName(folder); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (!File.GetUnixFileMode(parent).HasFlag(UnixFileMode.OtherExecute))
            {
                throw new OptionsValidationException(
                    section, typeof(LocalOptions), [$"{section}:Folder is '{folder}', which other accounts cannot reach because of '{parent}'; allowed with RunAs 'account' is a folder whose parents all have mode o+x, such as /var/lib/dask-gateway-jobs."]);
            }
        }
    }
}
