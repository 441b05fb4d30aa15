using Gateway.Core.Store;
using Gateway.Server.Hosting;

namespace Gateway.Server.Commands;

/// <summary>Encrypts everything under the first of the configured keys, some rows at a time, while replicas serve.</summary>
internal static class RotateKeys
{
    private const int Batch = 500;

    public static async Task<int> RunAsync(string[] args)
    {
        await using var app = GatewayApp.Build(args);
        var store = app.Services.GetRequiredService<IGatewayStore>();
        await store.OpenAsync(CancellationToken.None);
        int rewritten = 0;
        var blocked = new List<string>();
        string? after = null;
        do
        {
            var step = await store.RotateKeysAsync(after, Batch, CancellationToken.None);
            rewritten += step.Rewritten;
            blocked.AddRange(step.Blocked);
            after = step.Next;
        }
        while (after is not null);

        Console.WriteLine($"{rewritten} rows are now encrypted under the first key.");
        foreach (string row in blocked)
        {
            await Console.Error.WriteLineAsync($"Left as it is, for its key is not configured: {row}");
        }

        return blocked.Count == 0 ? 0 : 1;
    }
}
