using Gateway.Core.Store;
using Gateway.Server.Hosting;

namespace Gateway.Server.Commands;

/// <summary>Brings the schema up to date.</summary>
internal static class Migrate
{
    public static async Task<int> RunAsync(string[] args)
    {
        await using var app = GatewayApp.Build(args);
        await app.Services.GetRequiredService<IGatewayStore>().MigrateAsync(CancellationToken.None);
        Console.WriteLine("The schema is up to date.");
        return 0;
    }
}
