namespace Gateway.Server.Auth.JupyterHub;

/// <summary>How people with nothing but a browser sign in at the Hub; section <c>Authentication:JupyterHub:SignIn</c>.</summary>
internal sealed record HubSignInOptions
{
    /// <summary>True: offered, and everything it needs must be there; false: not offered; unset: offered when everything is there.</summary>
    public bool? Enabled { get; init; }

    /// <summary>The Hub as browsers see it: a URL such as <c>https://hub.example.org/hub</c>, or a path such as <c>/hub</c> when it is on the gateway's own host.</summary>
    public string? HubUrl { get; set; }

    /// <summary>The gateway's OAuth client id at the Hub; else <c>JUPYTERHUB_CLIENT_ID</c>, else <c>service-</c> and the service's name.</summary>
    public string? ClientId { get; set; }

    /// <summary>The service's API token, which is the client's secret; else <c>JUPYTERHUB_API_TOKEN</c>.</summary>
    public string? Token { get; set; }

    /// <summary>File with <see cref="Token"/>.</summary>
    public string? TokenFile { get; init; }

    /// <summary>
    /// The service's <c>oauth_redirect_uri</c>, letter by letter; else <c>JUPYTERHUB_OAUTH_CALLBACK_URL</c>, else <c>/oauth_callback</c> below the path
    /// prefix: as a path when <see cref="HubUrl"/> is one, as a URL of the host that the browser asked otherwise.
    /// </summary>
    public string? RedirectUri { get; set; }

    /// <summary>Whether the Hub is on the gateway's own host, behind the same proxy.</summary>
    public bool IsBesideHub => HubUrl is ['/', ..];

    public bool IsOffered => Enabled ?? Missing().Count == 0;

    /// <summary>Fills what is not configured from the variables that a Hub gives to its services.</summary>
    public void TakeFromHub(IConfiguration configuration, string? serviceName)
    {
        string? basePath = configuration["JUPYTERHUB_BASE_URL"];
        HubUrl = Or(HubUrl, string.IsNullOrEmpty(basePath) ? null : $"{configuration["JUPYTERHUB_HOST"]}{basePath.TrimEnd('/')}/hub");
        ClientId = Or(ClientId, Or(configuration["JUPYTERHUB_CLIENT_ID"], string.IsNullOrEmpty(serviceName) ? null : $"service-{serviceName}"));
        Token = !string.IsNullOrEmpty(TokenFile) ? Token : Or(Token, configuration["JUPYTERHUB_API_TOKEN"]);
        RedirectUri = Or(RedirectUri, configuration["JUPYTERHUB_OAUTH_CALLBACK_URL"]);
    }

    /// <summary>The client's secret.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string? ReadToken() => string.IsNullOrEmpty(TokenFile) ? Token : File.ReadAllText(TokenFile).Trim();

    /// <summary>The keys that are needed and not set.</summary>
    public IReadOnlyList<string> Missing()
    {
        var missing = new List<string>();
        if (string.IsNullOrEmpty(HubUrl))
        {
            missing.Add("HubUrl (or JUPYTERHUB_BASE_URL), the Hub as browsers see it, such as https://hub.example.org/hub");
        }

        if (string.IsNullOrEmpty(ClientId))
        {
            missing.Add("ClientId (or JUPYTERHUB_CLIENT_ID, or JupyterHub:ServiceName), such as service-dask-gateway");
        }

        if (string.IsNullOrEmpty(Token) && string.IsNullOrEmpty(TokenFile))
        {
            missing.Add("Token or TokenFile (or JUPYTERHUB_API_TOKEN), the service's api_token");
        }

        return missing;
    }

    private static string? Or(string? value, string? other) => string.IsNullOrEmpty(value) ? other : value;
}
