using System.Text.Json;
using Gateway.Core;
using Gateway.Core.Clusters;
using Gateway.Core.Dask;
using Gateway.Core.Options;
using Gateway.Core.People;
using Gateway.Core.Store;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Gateway.Server.Api.Clusters;

/// <summary>Takes a cluster on.</summary>
internal sealed partial class CreateCluster(
    ClusterPolicy policy, AccountMap accounts, IEnumerable<ISpecCheck> checks, ClusterQuota quota, IClusterStore store, TimeProvider time, ILogger<CreateCluster> logger)
{
    /// <summary>The body.</summary>
    /// <param name="ClusterOptions">Values for options by field; null or missing: all defaults.</param>
    internal sealed record Request(Dictionary<string, JsonElement>? ClusterOptions = null);

    /// <summary>The answer.</summary>
    /// <param name="Name">The new cluster's name.</param>
    internal sealed record Created(string Name);

    public static async Task<JsonHttpResult<Created>> HandleAsync(HttpContext http, ApiSettings settings, CreateCluster create, CancellationToken cancellationToken)
    {
        using var body = await RequestBody.ReadObjectAsync(http.Request, settings.MaxBodySize, cancellationToken);
        body.RootElement.TryGetProperty("cluster_options", out var options);
        var name = await create.RunAsync(http.GetCaller(), options, cancellationToken);
        return JsonAnswers.Answer(new Created(name), ApiJson.Answers.Created, StatusCodes.Status201Created);
    }

    private async Task<string> RunAsync(Caller caller, JsonElement options, CancellationToken cancellationToken)
    {
        var (json, spec) = policy.Resolve(caller, accounts.Resolve(caller), options);
        foreach (var check in checks)
        {
            if (await check.CheckAsync(spec, cancellationToken) is { } problem)
            {
                throw new PublicException(422, problem);
            }
        }

        return await quota.GrantAsync(caller, policy.Limits.For(caller.Groups), () => TakeOnAsync(caller, json, spec, cancellationToken), cancellationToken);
    }

    private async Task<string> TakeOnAsync(Caller caller, string options, ClusterSpec spec, CancellationToken cancellationToken)
    {
        var name = RandomName.ForCluster();
        await store.CreateAsync(
            new()
            {
                Name = name,
                OwnerId = caller.UserId,
                Options = options,
                Spec = spec,
                Credentials = ClusterSecrets.Create(name, time.GetUtcNow(), policy.Defaults.CertificateLifetime),
            },
            cancellationToken);
        LogCreated(name, caller.UserId);
        return name;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {ClusterName} was created for user {UserId}")]
    private partial void LogCreated(string clusterName, Guid userId);
}
