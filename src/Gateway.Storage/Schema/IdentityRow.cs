namespace Gateway.Storage.Schema;

/// <summary>One way in which a user signs in.</summary>
internal sealed class IdentityRow
{
    public required string Scheme { get; set; }

    public required string Issuer { get; set; }

    public required string Subject { get; set; }

    public Guid UserId { get; set; }
}
