namespace Gateway.Core.Backends;

/// <summary>Whether an address belongs to the job that claims it.</summary>
public enum AddressVerdict
{
    /// <summary>The job runs there.</summary>
    Yes,

    /// <summary>Somebody else's address: it must not be connected to.</summary>
    No,

    /// <summary>The backend does not know yet where the job runs; ask again.</summary>
    NotYet,
}
