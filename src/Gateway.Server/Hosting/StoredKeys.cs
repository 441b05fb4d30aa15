using System.Xml.Linq;
using Gateway.Core.Store;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Gateway.Server.Hosting;

/// <summary>Keeps the keys of session cookies in the store, so that a session is valid on every replica and outlives restarts.</summary>
internal sealed class StoredKeys(IProtectionKeyStore store) : IXmlRepository
{
    // The framework's contract is synchronous; it is called at start and once in a while by a background refresh.
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. store.GetAllAsync(CancellationToken.None).GetAwaiter().GetResult().Select(xml => XElement.Parse(xml))];

    public void StoreElement(XElement element, string friendlyName) =>
        store.StoreAsync(friendlyName, element.ToString(SaveOptions.DisableFormatting), CancellationToken.None).GetAwaiter().GetResult();
}
