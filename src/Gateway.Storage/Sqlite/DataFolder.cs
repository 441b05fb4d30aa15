using System.Globalization;
using Gateway.Core.Store;
using Gateway.Storage.Configuration;

namespace Gateway.Storage.Sqlite;

/// <summary>The embedded database's folder, held by this process alone. The lock is the operating system's: it ends with the process, however that ends.</summary>
internal sealed class DataFolder(StorageOptions options) : IDisposable
{
    public const string LockName = "gateway.lock";

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

            string file = System.IO.Path.Combine(Path, LockName);
            try
            {
                _held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                throw new StoreInUseException(
                    $"The embedded database in {Path} is in use by another gateway process{Holder(file)}. Stop that one, give this one another {StorageOptions.Section}:{nameof(StorageOptions.DataFolder)}, or use Postgres, which serves any number.");
            }

            _held.SetLength(0);
            _held.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            _held.Flush();
        }
    }

    public void Dispose() => _held?.Dispose();

    private static string Holder(string file)
    {
        try
        {
            // Sharing everything takes no lock, so the holder's can be read past.
            using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return int.TryParse(reader.ReadToEnd(), out int process) ? $" (process {process})" : "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
