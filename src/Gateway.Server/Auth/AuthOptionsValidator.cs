using Gateway.Server.Auth.Basic;
using Gateway.Server.Auth.JupyterHub;
using Gateway.Server.Auth.Session;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth;

/// <summary>Checks the section <c>Authentication</c> at start; every failure names its key.</summary>
internal sealed class AuthOptionsValidator : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        var failures = new List<string>();
        var isBasic = string.IsNullOrEmpty(options.Mode) || string.Equals(options.Mode, BasicMode.ModeName, StringComparison.OrdinalIgnoreCase);
        if (isBasic)
        {
            BasicOptionsValidator.Check(options.Basic, failures);
        }
        else if (options.IsJupyterHub)
        {
            JupyterHubOptionsValidator.Check(options.JupyterHub, failures);
        }
        else
        {
            failures.Add($"{AuthOptions.Section}:Mode is '{options.Mode}'; allowed are {BasicMode.ModeName} and {JupyterHubMode.ModeName}.");
        }

        SessionCookieOptionsValidator.Check(options.Session, failures);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    /// <summary>Adds a failure when a time is outside its bounds.</summary>
    public static void CheckTime(string key, TimeSpan value, TimeSpan min, TimeSpan max, List<string> failures)
    {
        if (value < min || value > max)
        {
            failures.Add($"{AuthOptions.Section}:{key} is {value}; allowed are {min} to {max} ([d.]hh:mm:ss).");
        }
    }

    /// <summary>Adds a failure when a file is named that cannot be read.</summary>
    public static void CheckFile(string key, string? path, List<string> failures)
    {
        if (string.IsNullOrEmpty(path))
        {
            return;
        }

        try
        {
            using var stream = File.OpenRead(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            failures.Add($"{AuthOptions.Section}:{key} names the file '{path}', which cannot be read: {failure.Message}");
        }
    }
}
