using System.Globalization;
using System.Runtime.InteropServices;

namespace Gateway.Backends.HTCondor.Files;

/// <summary>The folder of a backend instance: folders 0700, files 0600, written whole or not at all.</summary>
internal sealed partial class PrivateFiles
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode SecretMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly (int User, int Group)? _owner;

    public PrivateFiles(string root, Options.FileOptions options)
    {
        Root = root;
        _owner = ParseOwner(options.Owner);
        CreateFolder(root);
    }

    public string Root { get; }

    /// <summary>Reads <c>uid</c> or <c>uid:gid</c>; null for empty text.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static (int User, int Group)? ParseOwner(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var parts = text.Split(':');
        var user = int.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture);
        return parts.Length switch
        {
            1 => (user, user),
            2 => (user, int.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture)),
            _ => throw new FormatException("uid or uid:gid"),
        };
    }

    /// <summary>Makes a folder below the root, and those above it.</summary>
    /// <returns>Its whole path.</returns>
    public string Folder(string relative)
    {
        var path = Root;
        foreach (var part in relative.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            path = Path.Combine(path, part);
            CreateFolder(path);
        }

        return path;
    }

    /// <summary>Writes a file below the root, in place of an older one.</summary>
    /// <returns>Its whole path.</returns>
    public string Write(string folder, string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(Folder(folder), name);
        // A folder of tokens is read whole by HTCondor, which skips names that begin with a dot.
        var part = Path.Combine(Path.GetDirectoryName(path)!, $".{name}.{Path.GetRandomFileName()}");
        var options = new FileStreamOptions { Mode = System.IO.FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = SecretMode;
        }

        using (var stream = new FileStream(part, options))
        {
            stream.Write(content);
        }

        GiveAway(part);
        File.Move(part, path, overwrite: true);
        return path;
    }

    private void CreateFolder(string path)
    {
        if (!Directory.Exists(path) && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path, FolderMode);
            GiveAway(path);
        }
    }

    private void GiveAway(string path)
    {
        if (_owner is { } owner && Chown(path, owner.User, owner.Group) != 0)
        {
            throw new IOException($"{path} cannot be given to {owner.User}:{owner.Group}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Chown(string path, int user, int group);
}
