using System.Collections.Concurrent;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Gateway.Core.Clusters;
using Gateway.Core.Store;

namespace Gateway.Server.Tests.Auth;

/// <summary>As much of the store as signing in needs: users and tokens, in memory. It stays as it is when the rest of the contract grows.</summary>
public class IdentityStore : DispatchProxy
{
    private readonly ConcurrentDictionary<(string Scheme, string Issuer, string Subject), Guid> _users = new();
    private readonly ConcurrentDictionary<string, TokenRecord> _tokens = new();
    private readonly ConcurrentDictionary<string, ClusterView> _clusters = new();
    private int _tokenQueries;

    public bool IsSilent { get; set; }

    public int TokenQueries => _tokenQueries;

    public IReadOnlyCollection<(string Scheme, string Issuer, string Subject)> Users => [.. _users.Keys];

    public static (IClusterStore Store, IdentityStore Fake) Create()
    {
        var store = Create<IClusterStore, IdentityStore>();
        return (store, (IdentityStore)(object)store);
    }

    /// <summary>Makes a cluster of a user's; the user is the one that signs in by this scheme and name.</summary>
    public string AddClusterOf(string scheme, string owner)
    {
        var id = _users.GetOrAdd((scheme, string.Empty, owner), _ => Guid.NewGuid());
        var cluster = new Cluster
        {
            Name = RandomName.ForCluster(),
            OwnerId = id,
            Options = "{}",
            Spec = new() { SchedulerBackend = "local", Account = owner },
            CreatedAt = DateTimeOffset.UnixEpoch,
        };
        _clusters[cluster.Name] = new(cluster, DesiredState.Running, null);
        return cluster.Name;
    }

    public void AddCluster(string name, string token) => _tokens[name] = new(name, SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
    {
        nameof(IClusterStore.EnsureUserAsync) => EnsureUserAsync((string)args![0]!, (string)args[1]!, (string)args[2]!),
        nameof(IClusterStore.TokenAsync) => TokenAsync((string)args![0]!),
        nameof(IClusterStore.FindAsync) => FindAsync((string)args![0]!),
        var name => throw new NotSupportedException($"{name} has nothing to do with signing in."),
    };

    private async Task<Guid> EnsureUserAsync(string scheme, string issuer, string subject)
    {
        await AnswerAsync();
        return _users.GetOrAdd((scheme, issuer, subject), _ => Guid.NewGuid());
    }

    private async Task<ClusterView?> FindAsync(string name)
    {
        await AnswerAsync();
        return _clusters.GetValueOrDefault(name);
    }

    private async Task<TokenRecord?> TokenAsync(string name)
    {
        Interlocked.Increment(ref _tokenQueries);
        await AnswerAsync();
        return _tokens.GetValueOrDefault(name);
    }

    private async Task AnswerAsync()
    {
        await Task.Yield();
        if (IsSilent)
        {
            throw new StoreUnavailableException("The fake database is down.");
        }
    }
}
