using Gateway.Core.People;
using Gateway.Server.Auth.Basic;
using Gateway.Server.Auth.Browser;
using Gateway.Server.Auth.ClusterToken;
using Gateway.Server.Auth.JupyterHub;
using Gateway.Server.Auth.Modes;
using Gateway.Server.Auth.Session;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth;

/// <summary>Puts authentication and authorization into a server.</summary>
internal static class AuthRegistration
{
    /// <summary>
    /// Adds schemes and <see cref="Policies"/>. <c>IClusterStore</c> and the keys of Data Protection, which replicas share, come from elsewhere.
    /// Before the server listens, <see cref="ExposureCheck"/> wants to see its addresses.
    /// </summary>
    public static IServiceCollection AddGatewayAuthentication(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<AuthOptions>().Bind(configuration.GetSection(AuthOptions.Section)).ValidateOnStart();
        services.PostConfigure<AuthOptions>(options => options.JupyterHub.TakeFromHub(configuration));
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsValidator>();
        services.AddOptions<AccountOptions>().Bind(configuration.GetSection(AccountOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AccountOptions>, AccountOptionsValidator>();

        services.AddDataProtection();
        services.AddSingleton<AccountMap>();
        services.AddSingleton<ExposureCheck>();
        services.AddSingleton<Identities>();
        services.AddSingleton<Membership>();
        services.AddSingleton<SessionCookies>();
        services.AddSingleton<RenewalCookies>();
        services.AddSingleton<Attempts>();
        services.AddSingleton<BrowserSignIn>();
        services.AddSingleton<ClusterTokens>();
        services.AddSingleton<AuthenticationModes>();
        services.AddBasicMode();
        services.AddJupyterHubMode();

        // No default scheme: routes without a policy, and the busy heartbeat, authenticate nobody.
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, UserHandler>(Schemes.User, null)
            .AddScheme<AuthenticationSchemeOptions, ClusterTokenHandler>(Schemes.ClusterToken, null)
            .AddPolicyScheme(Schemes.UserOrClusterToken, null, scheme => scheme.ForwardDefaultSelector = context =>
                ClusterTokens.IsToken(context.Request.Headers.Authorization) ? Schemes.ClusterToken : Schemes.User);
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.User, policy => policy.AddAuthenticationSchemes(Schemes.User).RequireAuthenticatedUser())
            .AddPolicy(Policies.Admin, policy => policy.AddAuthenticationSchemes(Schemes.User).RequireAuthenticatedUser().RequireAssertion(IsAdmin))
            .AddPolicy(Policies.ClusterToken, policy => policy.AddAuthenticationSchemes(Schemes.ClusterToken).RequireAuthenticatedUser())
            .AddPolicy(Policies.UserOrClusterToken, policy => policy.AddAuthenticationSchemes(Schemes.UserOrClusterToken).RequireAuthenticatedUser());
        return services;
    }

    /// <summary>Adds the middlewares; after routing and anything that corrects address, scheme and path base of a request.</summary>
    public static IApplicationBuilder UseGatewayAuthentication(this IApplicationBuilder app) => app.UseAuthentication().UseAuthorization();

    private static bool IsAdmin(Microsoft.AspNetCore.Authorization.AuthorizationHandlerContext context) =>
        context.User.Identities.OfType<CallerIdentity>().Any(identity => identity.Caller.IsAdmin);
}
