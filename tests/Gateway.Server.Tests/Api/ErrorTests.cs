using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Core.Store;
using Gateway.Server.Api.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Server.Tests.Api;

public sealed class ErrorTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/nothing")]
    [InlineData("//api/version")]
    [InlineData("/api")]
    [InlineData("/api/")]
    [InlineData("/api/nothing")]
    [InlineData("/api/v1")]
    [InlineData("/api/v2/clusters/")]
    [InlineData("/api/v1/clusters/aaaaaaaaaaaaaaaa/nothing")]
    [InlineData("/api/v1/clusters/aaaaaaaaaaaaaaaa/scale/more")]
    [InlineData("/api/v1/clusters//scale/")]
    [InlineData("/api/v1/clusters/%2e%2e%2fclusters")]
    [InlineData("/api/v1/clusters/..%2f..%2fetc%2fpasswd")]
    [InlineData("/api/v1/clusters/AAAAAAAAAAAAAAAA")]
    [InlineData("/api/v1/clusters/aaaaaaaaaaaaaaa;")]
    [InlineData("/api/v1/clusters/'%20or%201=1--")]
    [InlineData("/api/v1/clusters/%F0%9F%98%80")]
    [InlineData("/api/v1/clusters/%ff%fe")]
    public async Task Get_PathThatIsNotThere_Is404InJson(string path)
    {
        await using var host = await ApiHost.StartAsync();
        var (status, _, text) = await RawAsync(host, $"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6\r\nConnection: close\r\n\r\n");
        Assert.Equal(404, status);
        Assert.Contains("""{"error":""" + "\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_DatabaseAwayOutsideTheApi_Is503WithTheReason()
    {
        var http = new DefaultHttpContext { Request = { Path = "/clusters/aaaaaaaaaaaaaaaa/status" } };
        var middleware = new ErrorMiddleware(_ => throw new StoreUnavailableException("It sleeps."), NullLogger<ErrorMiddleware>.Instance);

        await middleware.InvokeAsync(http);

        Assert.Equal(503, http.Response.StatusCode);
        Assert.Equal("5", http.Response.Headers.RetryAfter.ToString());
    }

    [Theory]
    [InlineData("PUT", "/api/v1/clusters/")]
    [InlineData("DELETE", "/api/v1/options")]
    [InlineData("POST", "/api/version")]
    [InlineData("PATCH", "/api/v1/clusters/aaaaaaaaaaaaaaaa")]
    [InlineData("GET", "/api/v1/clusters/aaaaaaaaaaaaaaaa/scale")]
    [InlineData("GET", "/api/v1/clusters/aaaaaaaaaaaaaaaa/heartbeat")]
    public async Task Request_WrongMethod_Is405InJson(string method, string path)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        using var response = await client.SendAsync(new(new(method), path), TestContext.Current.CancellationToken);
        Assert.StartsWith($"Method {method} is not allowed here. Allowed: ", await Task.FromResult(response).ErrorAsync(HttpStatusCode.MethodNotAllowed), StringComparison.Ordinal);
        Assert.StartsWith($"Method {method} is not allowed here.", response.ReasonPhrase, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_DatabaseAway_Is503WithTheReasonAndATime()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        await client.ReadAsync("/api/v1/clusters/");
        host.Store.IsSilent = true;

        using var response = await client.ReadAsync("/api/v1/clusters/");

        Assert.Equal("5", response.Headers.RetryAfter?.ToString());
        Assert.Contains("database does not answer", response.ReasonPhrase, StringComparison.Ordinal);
        Assert.Contains("The fake database is down.", await Task.FromResult(response).ErrorAsync(HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_UnexpectedFailure_Is500WithoutItsText()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        await client.ReadAsync("/api/v1/clusters/");
        host.Store.Failure = new InvalidOperationException("secret");

        var error = await client.ReadAsync("/api/v1/clusters/").ErrorAsync(HttpStatusCode.InternalServerError);

        Assert.StartsWith("Something went wrong inside the gateway. An administrator can find it in the log by ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 2097152\r\n\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n200000\r\n", "\r\n0\r\n\r\n")]
    public async Task Post_BodyTooLarge_Is413InTheStatusLine(string head, string tail)
    {
        await using var host = await ApiHost.StartAsync();
        var body = new string('x', 0x200000) + tail;
        var (status, line, text) = await RawAsync(host, $"POST /api/v1/clusters/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6\r\nConnection: close\r\n{head}{body}");
        Assert.Equal(413, status);
        Assert.Contains("The body is too large: at most 1 MiB are allowed", line, StringComparison.Ordinal);
        Assert.Contains("""{"error":"The body is too large: at most 1 MiB are allowed"}""", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ForeignCluster_Is403InTheStatusLine()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient("bob");
        var name = host.Store.Add("alice", Gateway.Core.Clusters.ClusterPhase.Running);
        using var response = await client.ReadAsync($"/api/v1/clusters/{name}");
        Assert.Equal($"Cluster {name} belongs to somebody else", response.ReasonPhrase);
        await Task.FromResult(response).ErrorAsync(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Get_UnknownCluster_HasTheUsualStatusLine()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.CreateClient();
        using var response = await client.ReadAsync("/api/v1/clusters/aaaaaaaaaaaaaaaa");
        Assert.Equal("Not Found", response.ReasonPhrase);
        Assert.StartsWith("Cluster 'aaaaaaaaaaaaaaaa' not found", await Task.FromResult(response).ErrorAsync(HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Line, string Text)> RawAsync(ApiHost host, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, host.Address.Port, TestContext.Current.CancellationToken);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var text = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        var line = text.Split("\r\n")[0];
        Assert.Contains("Content-Type: application/json", text, StringComparison.Ordinal);
        Assert.Contains("""{"error":""", text, StringComparison.Ordinal);
        return (int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), line, text);
    }
}
