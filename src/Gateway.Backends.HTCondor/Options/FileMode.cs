namespace Gateway.Backends.HTCondor.Options;

/// <summary>Where a job's files wait for it.</summary>
internal enum FileMode
{
    /// <summary>In a folder per cluster that the gateway keeps; the job's owner must be able to read it.</summary>
    Folder,

    /// <summary>In the schedd's spool (<c>condor_submit -spool</c>), readable by the job's owner alone.</summary>
    Spool,
}
