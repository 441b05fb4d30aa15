using System.Data.Common;
using System.Net.Sockets;
using Gateway.Core.Store;
using Gateway.Server.Auth.Basic;
using Gateway.Server.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Commands;

/// <summary>The program's commands. What an operator did wrong ends in a sentence on standard error, not in a stack trace.</summary>
internal static class GatewayCommand
{
    private const string Usage = """
        gateway                 serves (settings: appsettings.json, environment variables, --Section:Key=value)
        gateway migrate         brings the database's schema up to date, and ends
        gateway rotate-keys     encrypts everything under the first of the configured keys, and ends
        gateway hash-password   reads a password from standard input, prints a hash for the file of users
        gateway version         prints the version
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        string command = args.Length > 0 && !args[0].StartsWith('-') ? args[0] : args.Contains("--help") || args.Contains("-h") ? "help" : "serve";
        string[] rest = args.Length > 0 && args[0] == command ? args[1..] : args;
        try
        {
            switch (command)
            {
                case "serve":
                    return await Serve.RunAsync(rest);
                case "migrate":
                    return await Migrate.RunAsync(rest);
                case "rotate-keys":
                    return await RotateKeys.RunAsync(rest);
                case "hash-password":
                    return await HashPasswordCommand.RunAsync(Console.In, Console.Out, Console.Error, CancellationToken.None);
                case "version":
                    Console.WriteLine(GatewayApp.Version);
                    return 0;
                case "help":
                    Console.WriteLine(Usage);
                    return 0;
                default:
                    await Console.Error.WriteLineAsync($"There is no command '{command}'.\n{Usage}");
                    return 2;
            }
        }
        catch (OptionsValidationException e)
        {
            foreach (string failure in e.Failures)
            {
                await Console.Error.WriteLineAsync($"Configuration: {failure}");
            }

            return 2;
        }
        catch (Exception e) when (e is StoreUnavailableException or StoreInUseException or SchemaMismatchException or AddressInUseException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (DbException e)
        {
            await Console.Error.WriteLineAsync($"The database cannot be used: {e.Message}");
            return 1;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException or SocketException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }
}
