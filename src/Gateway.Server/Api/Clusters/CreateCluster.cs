using System.Text.Json;
using Gateway.Core;
using Gateway.Core.Backends;
using Gateway.Core.Options;
using Gateway.Core.People;
using Gateway.Core.Store;
using Gateway.Server.Api.Json;
using Gateway.Server.Auth;

namespace Gateway.Server.Api.Clusters;

/// <summary>Takes a cluster on.</summary>
internal sealed partial class CreateCluster(
    ClusterPolicy policy, AccountMap accounts, BackendRegistry backends, IEnumerable<ISpecCheck> checks, NextCluster next, IClusterStore store, ILogger<CreateCluster> logger)
{
    private const int MostNamed = 5;

    /// <summary>The body.</summary>
    /// <param name="ClusterOptions">Values for options by field; null or missing: all defaults.</param>
    internal sealed record Request(Dictionary<string, JsonElement>? ClusterOptions = null);

    /// <summary>The answer.</summary>
    /// <param name="Name">The new cluster's name.</param>
    internal sealed record Created(string Name);

    public static async Task<JsonAnswer<Created>> HandleAsync(HttpContext http, ApiSettings settings, CreateCluster create, CancellationToken cancellationToken)
    {
        using var body = await RequestBody.ReadObjectAsync(http.Request, settings.MaxBodySize, cancellationToken);
        body.RootElement.TryGetProperty("cluster_options", out var options);
        var name = await create.RunAsync(http.GetCaller(), options, cancellationToken);
        return JsonAnswers.Answer(new Created(name), ApiJson.Answers.Created, StatusCodes.Status201Created);
    }

    private async Task<string> RunAsync(Caller caller, JsonElement options, CancellationToken cancellationToken)
    {
        var account = backends.UseAccounts(policy.Defaults.SchedulerBackend, policy.Defaults.WorkerBackend) ? accounts.Resolve(caller) : accounts.Find(caller) ?? "";
        var (json, spec) = policy.Resolve(caller, account, options);
        foreach (var check in checks)
        {
            if (await check.CheckAsync(spec, cancellationToken) is { } problem)
            {
                throw new PublicException(422, problem);
            }
        }

        var (name, credentials) = next.Take();
        var most = policy.Limits.For(caller.Groups).MaxClustersPerUser;
        var taken = await store.CreateAsync(
            new()
            {
                Name = name,
                OwnerId = caller.UserId,
                Options = json,
                Spec = spec,
                MaxOwned = most,
                Credentials = credentials,
            },
            cancellationToken);
        if (!taken)
        {
            throw await TooManyAsync(caller, most!.Value, cancellationToken);
        }

        LogCreated(name, caller.UserId);
        return name;
    }

    private async Task<PublicException> TooManyAsync(Caller caller, int most, CancellationToken cancellationToken)
    {
        if (most == 0)
        {
            return new(409, "You may not create clusters on this gateway.");
        }

        var owned = await store.ListAsync(new() { OwnerId = caller.UserId, Phases = ClusterStatus.Active, Max = MostNamed }, cancellationToken);
        return new(
            409, $"You may have {most} {(most == 1 ? "cluster" : "clusters")} at a time, and have that many: shut one down first ({string.Join(", ", owned.Select(view => view.Cluster.Name))}).");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {ClusterName} was created for user {UserId}")]
    private partial void LogCreated(string clusterName, Guid userId);
}
