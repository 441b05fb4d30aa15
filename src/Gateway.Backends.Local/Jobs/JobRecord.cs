using System.Text.Json.Serialization;
using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Jobs;

/// <summary>What a job's directory says of the job: written once, before its process exists.</summary>
/// <param name="Gateway">Identity of the gateway it belongs to.</param>
/// <param name="Name">The job's name.</param>
/// <param name="Cluster">The cluster it works for.</param>
/// <param name="Kind">Scheduler or worker.</param>
/// <param name="Handle">Tells this job from another of the same name, before or after.</param>
/// <param name="SubmittedAt">When it was taken on.</param>
/// <param name="Account">The Unix account it runs as; null: the gateway's own.</param>
internal sealed record JobRecord(string Gateway, string Name, string Cluster, JobKind Kind, string Handle, DateTimeOffset SubmittedAt, string? Account);

/// <summary>How records are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JobRecord))]
internal sealed partial class JobJson : JsonSerializerContext;
