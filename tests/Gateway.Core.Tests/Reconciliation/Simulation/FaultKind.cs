namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>What happens to a replica at a call.</summary>
internal enum FaultKind
{
    None,

    /// <summary>It dies before the call.</summary>
    DieBefore,

    /// <summary>It dies once the call has taken effect, before it hears of it.</summary>
    DieAfter,

    /// <summary>It freezes before the call, which arrives long afterwards.</summary>
    Freeze,

    /// <summary>The store does not answer, and the call does not take effect. The replica lives on.</summary>
    StoreAwayBefore,

    /// <summary>The store does not answer, though the call takes effect. The replica lives on.</summary>
    StoreAwayAfter,
}
