using Microsoft.Extensions.Options;

namespace Gateway.Core.People;

/// <summary>Checks the section <c>Accounts</c>; every failure names its key.</summary>
public sealed class AccountOptionsValidator : IValidateOptions<AccountOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, AccountOptions options)
    {
        var failures = new List<string>();
        if (options.Mode is not ("name" or "map" or "fixed"))
        {
            failures.Add($"{AccountOptions.Section}:Mode is '{options.Mode}'; allowed are name, map and fixed.");
        }

        if (options.Mode == "fixed" && string.IsNullOrEmpty(options.Fixed))
        {
            failures.Add($"{AccountOptions.Section}:Fixed must name an account when {AccountOptions.Section}:Mode is fixed.");
        }

        if (!string.IsNullOrEmpty(options.Fixed) && !AccountMap.IsAccount(options.Fixed))
        {
            failures.Add($"{AccountOptions.Section}:Fixed is '{options.Fixed}'; {AccountMap.Allowed}.");
        }

        failures.AddRange(options.Map
            .Where(entry => !AccountMap.IsAccount(entry.Value))
            .Select(entry => $"{AccountOptions.Section}:Map:{entry.Key} is '{entry.Value}'; {AccountMap.Allowed}."));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
