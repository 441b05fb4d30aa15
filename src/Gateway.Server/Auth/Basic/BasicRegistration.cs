namespace Gateway.Server.Auth.Basic;

internal static class BasicRegistration
{
    public static void AddBasicMode(this IServiceCollection services)
    {
        services.AddSingleton<SharedPasswordSource>();
        services.AddSingleton<UsersFile>();
        services.AddSingleton<PasswordCheck>();
        services.AddSingleton<FailureThrottle>();
        services.AddSingleton<BasicMode>();
    }
}
