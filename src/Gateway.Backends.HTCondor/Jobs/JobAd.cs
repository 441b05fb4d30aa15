using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>What is read of a job's ad. What an ad does not have is null.</summary>
internal sealed record JobAd
{
    /// <summary>The attributes to ask for.</summary>
    public const string Attributes =
        "ClusterId,ProcId,JobStatus,JobPrio,QDate,EnteredCurrentStatus,Owner,RemoteHost,LastRemoteHost,StartdIpAddr,NumJobStarts,HoldReason,HoldReasonCode,HoldReasonSubCode,"
        + "LastRejMatchReason,LastMatchTime,ExitCode,ExitBySignal,ExitSignal,RemoveReason,VacateReason,VacateReasonCode,JobCurrentStartExecutingDate,RequestMemory,RequestCpus,StreamOut,"
        + $"{JobAttributes.Job},{JobAttributes.Cluster},{JobAttributes.Kind},{JobAttributes.Account}";

    public required JobId Id { get; init; }

    public required string Name { get; init; }

    public required string Cluster { get; init; }

    public required JobKind Kind { get; init; }

    public required string Account { get; init; }

    /// <summary>HTCondor's JobStatus: 1 idle, 2 running, 3 removed, 4 completed, 5 held, 6 transferring output, 7 suspended.</summary>
    public required int Status { get; init; }

    public int Priority { get; init; }

    public long? Submitted { get; init; }

    public long? Entered { get; init; }

    public string? RemoteHost { get; init; }

    public string? LastRemoteHost { get; init; }

    public string? StartdAddress { get; init; }

    public int Starts { get; init; }

    public string? HoldReason { get; init; }

    public int? HoldCode { get; init; }

    public int? HoldSubCode { get; init; }

    public string? Rejected { get; init; }

    public int? ExitCode { get; init; }

    public bool ExitBySignal { get; init; }

    public int? ExitSignal { get; init; }

    public string? RemoveReason { get; init; }

    public string? VacateReason { get; init; }

    public int? VacateCode { get; init; }

    public long? Executing { get; init; }

    public long? RequestMemory { get; init; }

    public long? RequestCpus { get; init; }

    /// <summary>What it prints comes to the schedd while it runs.</summary>
    public bool StreamsOutput { get; init; }

    /// <summary>Its files are on their way into the spool (and for a second after), or never got there.</summary>
    public bool IsSpooling => Status == 5 && HoldCode == HoldCodes.SpoolingInput;

    /// <summary>It is being removed and never began: its name may be used again as soon as it is gone.</summary>
    public bool IsTakenBack => Status == 3 && Starts == 0;

    /// <summary>The machine's name without its slot.</summary>
    public string? Host => (RemoteHost ?? LastRemoteHost) is { } slot ? slot[(slot.LastIndexOf('@') + 1)..] : null;
}
