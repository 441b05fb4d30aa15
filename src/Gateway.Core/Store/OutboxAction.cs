namespace Gateway.Core.Store;

/// <summary>What is to be done with a job.</summary>
public enum OutboxAction
{
    /// <summary>Start it.</summary>
    Start,

    /// <summary>Stop it; overtakes a start that nobody has begun, which then never takes place.</summary>
    Stop,

    /// <summary>Check an address that a scheduler has named against its job.</summary>
    CheckAddress,
}
