namespace Gateway.Storage.Schema;

/// <summary>A person, whatever way they sign in.</summary>
internal sealed class UserRow
{
    public Guid Id { get; set; }

    public required string DisplayName { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}
