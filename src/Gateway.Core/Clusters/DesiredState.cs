namespace Gateway.Core.Clusters;

/// <summary>What was last asked for a cluster: an intent, written by anyone who may, read by the reconciler.</summary>
public enum DesiredState
{
    /// <summary>It shall run.</summary>
    Running,

    /// <summary>It shall end. Never taken back.</summary>
    Stopped,
}
