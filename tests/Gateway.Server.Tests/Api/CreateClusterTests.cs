using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gateway.Core.Clusters;
using Gateway.Core.Options;
using Gateway.Server.Tests.Api.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace Gateway.Server.Tests.Api;

public sealed class CreateClusterTests
{
    private const string Settings = """
        {"Options":[{"Field":"worker_cores","Type":"int","Default":1,"Min":1,"Max":8,"Target":"worker.cores"}],"Limits":{"MaxWorkers":10}}
        """;

    [Theory]
    [InlineData("""{"cluster_options":{"worker_cores":4}}""", 4)]
    [InlineData("""{"cluster_options":{}}""", 1)]
    [InlineData("""{"cluster_options":null}""", 1)]
    [InlineData("""{}""", 1)]
    [InlineData("""{"other":1}""", 1)]
    public async Task Post_Options_TakesTheClusterOn(string body, int cores)
    {
        await using var host = await ApiHost.StartAsync(Settings);
        using var client = host.CreateClient();

        var json = await client.PostAsync("/api/v1/clusters/", body).JsonAsync(HttpStatusCode.Created);

        var created = Assert.Single(host.Store.Created);
        Assert.Equal($$"""{"name":"{{created.Name}}"}""", json.GetRawText());
        Assert.Matches("^[a-z2-7]{16}$", created.Name);
        Assert.Equal(host.Store.User("alice"), created.OwnerId);
        Assert.Equal($$"""{"worker_cores":{{cores}}}""", created.Options);
        Assert.Equal((cores, 10, "alice"), ((int)created.Spec.Worker.Cores, created.Spec.MaxWorkers, created.Spec.Account));
        Assert.Matches("^[A-Za-z0-9_-]{43}$", created.Credentials.Token);
        using var certificate = X509Certificate2.CreateFromPem(created.Credentials.Certificate, created.Credentials.Key);
        Assert.True(certificate.HasPrivateKey);
    }

    [Theory]
    [InlineData("", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{} {}", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{'a':1}", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{\"cluster_options\":{\"worker_cores\":NaN}}", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{\"cluster_options\":{},\"cluster_options\":{}}", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{\"cluster_options\":{\"worker_cores\":1,\"worker_cores\":2}}", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("{\"\\ud800\":1,\"\\ud800\":2}", "The body must be a JSON object; it is not valid JSON")]
    [InlineData("[]", "The body must be a JSON object, got [].")]
    [InlineData("null", "The body must be a JSON object, got null.")]
    [InlineData("5", "The body must be a JSON object, got 5.")]
    [InlineData("\"\\ud800\"", "The body must be a JSON object, got \"\\ud800\".")]
    [InlineData("{\"cluster_options\":[]}", "cluster_options must be an object, got [].")]
    [InlineData("{\"cluster_options\":\"\"}", "cluster_options must be an object, got \"\".")]
    [InlineData("{\"cluster_options\":0}", "cluster_options must be an object, got 0.")]
    [InlineData("{\"cluster_options\":{\"worker_cores\":3.0}}", "worker_cores must be an integer, got 3.0.")]
    [InlineData("{\"cluster_options\":{\"worker_cores\":9}}", "worker_cores must be an integer from 1 to 8, got 9.")]
    [InlineData("{\"cluster_options\":{\"cores\":1}}", "Unknown options: 'cores'. Allowed: worker_cores.")]
    public async Task Post_BadBody_Is422WithASentence(string body, string message)
    {
        await using var host = await ApiHost.StartAsync(Settings);
        using var client = host.CreateClient();
        Assert.StartsWith(message, await client.PostAsync("/api/v1/clusters/", body).ErrorAsync(HttpStatusCode.UnprocessableEntity), StringComparison.Ordinal);
        Assert.Empty(host.Store.Created);
    }

    [Fact]
    public async Task Post_DeepOrBrokenBytes_Are422()
    {
        await using var host = await ApiHost.StartAsync(Settings);
        using var client = host.CreateClient();
        var deep = string.Concat(Enumerable.Repeat("{\"cluster_options\":", 100_00)) + "1" + new string('}', 100_00);
        await client.PostAsync("/api/v1/clusters/", deep).ErrorAsync(HttpStatusCode.UnprocessableEntity);
        await client.PostAsync("/api/v1/clusters/", new string('[', 500_000)).ErrorAsync(HttpStatusCode.UnprocessableEntity);
        byte[][] broken = [[0xff, 0xfe], [0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d], [0xef, 0xbb, 0xbf, 0x7b, 0x7d], [0], Encoding.Unicode.GetBytes("{}")];
        foreach (var bytes in broken)
        {
            await client.PostAsync("/api/v1/clusters/", bytes).ErrorAsync(HttpStatusCode.UnprocessableEntity);
        }
    }

    [Fact]
    public async Task Post_LargeButAllowedBody_IsReadWhole()
    {
        await using var host = await ApiHost.StartAsync(Settings);
        using var client = host.CreateClient();
        await client.PostAsync("/api/v1/clusters/", $$"""{"padding":"{{new string('x', 1_000_000)}}"}""").JsonAsync(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Post_SpecCheckRefuses_Is422WithItsSentence()
    {
        await using var host = await ApiHost.StartAsync(Settings, services => services.AddSingleton<ISpecCheck>(new Refusal()));
        using var client = host.CreateClient();
        Assert.Equal("There is no image 'x'.", await client.PostAsync("/api/v1/clusters/", "{}").ErrorAsync(HttpStatusCode.UnprocessableEntity));
        Assert.Empty(host.Store.Created);
    }

    [Theory]
    [InlineData("root")]
    [InlineData("Ann O'Neill@example.org")]
    public async Task Post_UserWithoutAnAccount_GetsAClusterWhereNoBackendNeedsOne(string user)
    {
        await using var needed = await ApiHost.StartAsync("{}", services => services.AddSingleton(FakeBackend.Registry("local", usesAccounts: true)));
        using var refused = needed.CreateClient(user);
        Assert.StartsWith(
            $"User name '{user}' cannot be an account to run jobs as",
            await refused.PostAsync("/api/v1/clusters/", "{}").ErrorAsync(HttpStatusCode.UnprocessableEntity),
            StringComparison.Ordinal);

        await using var free = await ApiHost.StartAsync("{}", services => services.AddSingleton(FakeBackend.Registry("local", usesAccounts: false)));
        using var taken = free.CreateClient(user);
        await taken.PostAsync("/api/v1/clusters/", "{}").JsonAsync(HttpStatusCode.Created);
        Assert.Equal("", Assert.Single(free.Store.Created).Spec.Account);
    }

    [Fact]
    public async Task Post_MoreClustersThanAllowed_Is409EvenWhenAskedAtOnce()
    {
        await using var host = await ApiHost.StartAsync("""{"Limits":{"MaxClustersPerUser":3}}""");
        using var client = host.CreateClient();
        host.Store.Add("alice", ClusterPhase.Stopped);
        host.Store.Add("alice", ClusterPhase.Closing);
        host.Store.Add("bob", ClusterPhase.Running);
        host.Store.Add("alice", ClusterPhase.Running);

        var statuses = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var response = await client.PostAsync("/api/v1/clusters/", "{}");
            return response.StatusCode;
        }));

        Assert.Equal(2, statuses.Count(status => status == HttpStatusCode.Created));
        Assert.Equal(8, statuses.Count(status => status == HttpStatusCode.Conflict));
        Assert.StartsWith(
            "You may have 3 clusters at a time, and have that many: shut one down first",
            await client.PostAsync("/api/v1/clusters/", "{}").ErrorAsync(HttpStatusCode.Conflict),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_DatabaseAway_Is503()
    {
        await using var host = await ApiHost.StartAsync(Settings);
        using var client = host.CreateClient();
        await client.ReadAsync("/api/v1/options");
        host.Store.IsSilent = true;
        await client.PostAsync("/api/v1/clusters/", "{}").ErrorAsync(HttpStatusCode.ServiceUnavailable);
    }

    private sealed class Refusal : ISpecCheck
    {
        public Task<string?> CheckAsync(ClusterSpec spec, CancellationToken cancellationToken) => Task.FromResult<string?>("There is no image 'x'.");
    }
}
