using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Gateway.EndToEnd.Tests.Processes;

namespace Gateway.EndToEnd.Tests;

/// <summary>A gateway that cannot start says why in a sentence and ends with a code of its own, whatever the cause: never by an exception that nobody caught.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gateway-start-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_folder, "data");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Start_PortInUse_SaysWhich()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        await EndsAsync(1, $"Failed to bind to address http://{holder.LocalEndpoint}: address already in use.", ("Server:Listen:0", $"{holder.LocalEndpoint}"));
    }

    // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
    [Fact]
    public async Task Start_AddressOfNobody_SaysWhich() =>
        await EndsAsync(1, "Failed to bind to address 192.0.2.1:8000: ", ("Server:Listen:0", "192.0.2.1:8000"), ("Authentication:Basic:AllowAnyUser", "true"));

    [Fact]
    public async Task Start_DataFolderThatIsAFile_SaysWhichKey()
    {
        await File.WriteAllTextAsync(Data, "", Token);
        await EndsAsync(2, $"Configuration: Storage:DataFolder is '{Data}', which cannot be used: ");
    }

    [Fact]
    public async Task Start_DatabaseThatIsNone_SaysSo()
    {
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(Path.Combine(Data, "gateway.db"), new string('x', 5000), Token);
        await EndsAsync(1, "The database cannot be used: SQLite Error 26: 'file is not a database'.");
    }

    [Fact]
    public async Task Start_KeyFileThatIsDamaged_SaysWhich()
    {
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(Path.Combine(Data, "encryption.key"), "short", Token);
        await EndsAsync(2, $"Configuration: The key file {Path.Combine(Data, "encryption.key")}: ");
    }

    /// <summary>Pages of programs that only the start needed are let go; what needs them again finds them.</summary>
    [Fact]
    public async Task Started_AtRest_HoldsLessOfItsPrograms_AndGoesOn()
    {
        await using var gateway = await GatewayProcess.StartAsync(null, Token);
        long started = Mapped(gateway.Pid);

        while (Mapped(gateway.Pid) > started * 0.9)
        {
            await Task.Delay(100, Token);
        }

        using var http = new HttpClient();
        foreach (string path in (string[])["api/health", "api/openapi.json", "metrics"])
        {
            using var answer = await http.GetAsync(new Uri($"{gateway.Url}/{path}"), Token);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        // kB of files, mapped and in memory.
        static long Mapped(int pid) => long.Parse(
            File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("RssFile:", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Where starts do not change the schema, the command does; what is there is encrypted anew by another.</summary>
    [Fact]
    public async Task Commands_MigrateAndRotateKeys_DoTheirWorkAndEnd()
    {
        (string, string) onlyByCommand = ("Storage:MigrateOnStart", "false");
        await EndsAsync(1, "gateway migrate", onlyByCommand);
        await RunsAsync("migrate", 0, "The schema is up to date.", onlyByCommand);
        await RunsAsync("migrate", 0, "The schema is up to date.", onlyByCommand);
        await RunsAsync("rotate-keys", 0, "rows are now encrypted under the first key.", onlyByCommand);
    }

    private Task EndsAsync(int code, string sentence, params (string Key, string Value)[] settings) => RunsAsync(null, code, sentence, settings);

    private async Task RunsAsync(string? command, int code, string sentence, params (string Key, string Value)[] settings)
    {
        var all = settings.ToDictionary(setting => setting.Key, setting => setting.Value);
        all["Storage:DataFolder"] = Data;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromMinutes(2));

        var (exitCode, output) = await GatewayProcess.RunAsync(_folder, all, command, patience.Token);

        Assert.Contains(sentence, output, StringComparison.Ordinal);
        Assert.True(exitCode == code, $"ended with {exitCode}:\n{output}");
        Assert.DoesNotContain("Unhandled exception", output, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", output, StringComparison.Ordinal);
    }
}
