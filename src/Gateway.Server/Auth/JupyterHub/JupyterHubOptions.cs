namespace Gateway.Server.Auth.JupyterHub;

/// <summary>Tokens that a JupyterHub vouches for; section <c>Authentication:JupyterHub</c>.</summary>
internal sealed record JupyterHubOptions
{
    /// <summary>The Hub's REST API, such as <c>http://hub:8081/hub/api</c>; else <c>JUPYTERHUB_API_URL</c>.</summary>
    public string? ApiUrl { get; set; }

    /// <summary>
    /// The gateway's name among the Hub's services; else <c>JUPYTERHUB_SERVICE_NAME</c>. With it a token needs the scope
    /// <c>access:services!service=NAME</c>; without it any token of the Hub will do.
    /// </summary>
    public string? ServiceName { get; set; }

    /// <summary>How long the Hub's word on a token is believed without asking again; zero asks each time.</summary>
    public TimeSpan CacheLifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Most tokens remembered.</summary>
    public int CacheSize { get; init; } = 10_000;

    /// <summary>How long after the Hub's word a session may last: a user who is removed is out after this time.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the Hub may take to answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>PEM file with the certificates that the Hub's own must come from, instead of the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file with the certificate that the gateway shows to the Hub.</summary>
    public string? CertFile { get; init; }

    /// <summary>PEM file with the key of <see cref="CertFile"/>.</summary>
    public string? KeyFile { get; init; }

    public HubSignInOptions SignIn { get; init; } = new();

    /// <summary>Fills what is not configured from the variables that a Hub gives to its services.</summary>
    public void TakeFromHub(IConfiguration configuration)
    {
        ApiUrl = string.IsNullOrEmpty(ApiUrl) ? configuration["JUPYTERHUB_API_URL"] : ApiUrl;
        ServiceName = string.IsNullOrEmpty(ServiceName) ? configuration["JUPYTERHUB_SERVICE_NAME"] : ServiceName;
        SignIn.TakeFromHub(configuration, ServiceName);
    }
}
