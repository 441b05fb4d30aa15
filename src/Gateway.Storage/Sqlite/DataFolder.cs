using System.Globalization;
using Gateway.Core.Store;
using Gateway.Storage.Configuration;

namespace Gateway.Storage.Sqlite;

/// <summary>The embedded database's folder, held by this process alone. The lock is the operating system's: it ends with the process, however that ends.</summary>
internal sealed class DataFolder(StorageOptions options) : IDisposable
{
    private const string LockName = "gateway.lock";
    private const string HolderName = "gateway.pid";

    private readonly Lock _gate = new();
    private FileStream? _held;

    public string Path => options.FullDataFolder;

    /// <summary>Makes the folder and takes the lock, once.</summary>
    /// <exception cref="StoreInUseException">Another process has it.</exception>
    public void Take()
    {
        lock (_gate)
        {
            if (_held is not null)
            {
                return;
            }

            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Path);
            }
            else
            {
                Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            try
            {
                _held = new FileStream(System.IO.Path.Combine(Path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                throw new StoreInUseException(
                    $"The embedded database in {Path} is in use by another gateway process{Holder()}. Stop that one, give this one another {StorageOptions.Section}:{nameof(StorageOptions.DataFolder)}, or use Postgres, which serves any number.");
            }

            // Beside the lock, not in it: a locked file cannot be read by others everywhere.
            File.WriteAllText(System.IO.Path.Combine(Path, HolderName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
    }

    public void Dispose() => _held?.Dispose();

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
