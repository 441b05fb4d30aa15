using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.JupyterHub;

internal static class JupyterHubRegistration
{
    private const int MostConnections = 32;
    private const int LongestAnswer = 1024 * 1024;

    public static void AddJupyterHubMode(this IServiceCollection services)
    {
        services.AddSingleton<JupyterHubMode>();
        services.AddSingleton<HubConnection>();
        services.AddSingleton<HubClient>();
        services.AddSingleton<HubSignIn>();
        services.AddHttpClient(HubConnection.ClientName)
            .ConfigureHttpClient(client =>
            {
                client.MaxResponseContentBufferSize = LongestAnswer;
                client.Timeout = Timeout.InfiniteTimeSpan;
            })
            .ConfigurePrimaryHttpMessageHandler(provider => new SocketsHttpHandler
            {
                // A token must not follow a redirection, nor pass through a proxy that the environment happens to name.
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                MaxConnectionsPerServer = MostConnections,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                SslOptions = HubTls.From(provider.GetRequiredService<IOptions<AuthOptions>>().Value.JupyterHub),
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
    }
}
