using System.Globalization;
using Gateway.Core.Store;
using Gateway.Storage.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Storage.Sqlite;

/// <summary>The embedded database's folder, held by this process alone. The lock is the operating system's: it ends with the process, however that ends.</summary>
internal sealed class DataFolder(StorageOptions options) : IDisposable
{
    private const string LockName = "gateway.lock";
    private const string HolderName = "gateway.pid";

    // What the runtime answers where somebody else holds a file: EWOULDBLOCK of Linux, of macOS, and ERROR_SHARING_VIOLATION.
    private static readonly int[] SharingViolations = [11, 35, unchecked((int)0x80070020)];

    private readonly Lock _gate = new();
    private FileStream? _held;

    public string Path => options.FullDataFolder;

    /// <summary>Makes the folder and takes the lock, once.</summary>
    /// <exception cref="StoreInUseException">Another process has it.</exception>
    /// <exception cref="OptionsValidationException">It cannot be made or written to.</exception>
    public void Take()
    {
        lock (_gate)
        {
            if (_held is not null)
            {
                return;
            }

            try
            {
                Make();
                _held = new FileStream(System.IO.Path.Combine(Path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

                // Beside the lock, not in it: a locked file cannot be read by others everywhere.
                File.WriteAllText(System.IO.Path.Combine(Path, HolderName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            }
            catch (IOException e) when (_held is null && SharingViolations.Contains(e.HResult))
            {
                throw new StoreInUseException(
                    $"The embedded database in {Path} is in use by another gateway process{Holder()}. Stop that one, give this one another {StorageOptions.Section}:{nameof(StorageOptions.DataFolder)}, or use Postgres, which serves any number.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new OptionsValidationException(
                    StorageOptions.Section, typeof(StorageOptions), [$"{StorageOptions.Section}:{nameof(StorageOptions.DataFolder)} is '{Path}', which cannot be used: {e.Message}"]);
            }
        }
    }

    public void Dispose() => _held?.Dispose();

    private void Make()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Path);
        }
        else
        {
            Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private string Holder()
    {
        try
        {
            return int.TryParse(File.ReadAllText(System.IO.Path.Combine(Path, HolderName)), out int process) ? $" (process {process})" : "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
