namespace Gateway.Core.Reconciliation;

/// <summary>Too much time has passed since the claim for anything to be begun under it; nothing was.</summary>
internal sealed class ClaimOverException : Exception
{
    public ClaimOverException()
        : base("It took too long from the claim until it could be begun.")
    {
    }
}
