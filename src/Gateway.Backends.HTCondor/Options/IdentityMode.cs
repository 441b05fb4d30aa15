namespace Gateway.Backends.HTCondor.Options;

/// <summary>Whose jobs the gateway's are.</summary>
internal enum IdentityMode
{
    /// <summary>The gateway's own; fair share by accounting user.</summary>
    Service,

    /// <summary>The user's, submitted by the gateway as a queue super user.</summary>
    SuperUser,

    /// <summary>The user's, submitted with a short-lived token that the gateway makes.</summary>
    Token,
}
