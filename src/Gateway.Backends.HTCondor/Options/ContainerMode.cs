namespace Gateway.Backends.HTCondor.Options;

/// <summary>Who puts a job into its container.</summary>
internal enum ContainerMode
{
    /// <summary>Nobody: jobs run as the machine is.</summary>
    None,

    /// <summary>HTCondor's container universe.</summary>
    Universe,

    /// <summary>The machine, told by an attribute such as <c>+SingularityImage</c>.</summary>
    Attribute,

    /// <summary>The job itself, by calling Apptainer.</summary>
    Apptainer,
}
