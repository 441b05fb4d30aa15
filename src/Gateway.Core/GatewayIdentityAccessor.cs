using Gateway.Core.Store;

namespace Gateway.Core;

/// <summary>The gateway's identity, read from the store once before anything that needs it is made.</summary>
public sealed class GatewayIdentityAccessor
{
    private GatewayIdentity? _identity;

    /// <summary>The identity.</summary>
    /// <exception cref="InvalidOperationException">The store has not been opened yet.</exception>
    public GatewayIdentity Identity
    {
        get => _identity ?? throw new InvalidOperationException("The store has not been opened yet.");
        set => _identity = value;
    }
}
