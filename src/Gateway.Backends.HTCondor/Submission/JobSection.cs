namespace Gateway.Backends.HTCondor.Submission;

/// <summary>What the jobs of one cluster share beside the template, as it is written.</summary>
internal sealed record JobSection(string Cluster, string Environment, string Files, string Folder);
