using Gateway.Storage.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Storage.Encryption;

/// <summary>The key that the embedded database makes for itself: beside it, readable by the gateway's user alone.</summary>
internal static class KeyFile
{
    public const string Name = "encryption.key";

    /// <summary>Reads the key, or makes it. Whoever calls holds the data folder's lock.</summary>
    /// <exception cref="OptionsValidationException">The file holds no key.</exception>
    public static string ReadOrMake(string folder)
    {
        string path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            Make(path);
        }

        string keys = File.ReadAllText(path).Trim();
        return KeyRing.Failure(keys) is { } failure
            ? throw new OptionsValidationException(
                StorageOptions.Section, typeof(StorageOptions), [$"The key file {path}: {failure} Restore it: what it encrypted cannot be read without it."])
            : keys;
    }

    // Written whole under another name first: a process killed here leaves no half a key behind.
    private static void Make(string path)
    {
        string draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(draft, options))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(KeyRing.NewKey() + "\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, path);
    }
}
