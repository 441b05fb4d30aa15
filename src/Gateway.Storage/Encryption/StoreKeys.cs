using Gateway.Storage.Configuration;
using Gateway.Storage.Sqlite;

namespace Gateway.Storage.Encryption;

/// <summary>The keys in use: those configured, else the embedded database's own.</summary>
internal sealed class StoreKeys
{
    private readonly Lazy<KeyRing> _ring;

    public StoreKeys(StorageOptions options, DataFolder folder)
    {
        _ring = new Lazy<KeyRing>(() =>
        {
            if (options.EncryptionKeys.Length > 0)
            {
                return new KeyRing(options.EncryptionKeys);
            }

            folder.Take();
            return new KeyRing(KeyFile.ReadOrMake(folder.Path));
        });
    }

    public KeyRing Ring => _ring.Value;

    public CredentialSeal Credentials => new(Ring);
}
