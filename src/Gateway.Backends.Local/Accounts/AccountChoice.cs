using Gateway.Core.Backends;

namespace Gateway.Backends.Local.Accounts;

/// <summary>Decides as whom a job runs.</summary>
internal sealed class AccountChoice
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(15);
    private readonly LocalOptions _options;
    private readonly TimeProvider _time;
    private readonly Account _own;

    /// <param name="options">The backend's settings.</param>
    /// <param name="user">The user id that the gateway runs as.</param>
    /// <param name="time">The clock.</param>
    public AccountChoice(LocalOptions options, uint user, TimeProvider time)
    {
        (_options, _time) = (options, time);
        var found = options.RunAs == RunAs.Gateway ? AccountDirectory.Find(user) : null;
        var home = Environment.GetEnvironmentVariable("HOME");
        _own = new Account(found?.Name ?? Environment.UserName, user, 0, string.IsNullOrEmpty(home) ? found?.Home ?? "" : home);
    }

    /// <returns>The account, or why there is none.</returns>
    public async Task<(Account? Account, StartOutcome? Refusal)> OfAsync(string name, CancellationToken cancellationToken)
    {
        if (_options.RunAs == RunAs.Gateway)
        {
            return (_own, null);
        }

        if (!AccountDirectory.IsName(name))
        {
            return (null, new StartOutcome.Refused($"The account name '{name}' cannot be used: allowed are {AccountDirectory.AllowedNames}."));
        }

        Account? account;
        try
        {
            // A directory service may hang.
            account = await Task.Run(() => AccountDirectory.Find(name), cancellationToken).WaitAsync(Longest, _time, cancellationToken);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            return (null, new StartOutcome.Deferred(Again, $"This machine could not tell whether it has an account '{name}': {e.Message}"));
        }

        return account switch
        {
            null => (null, new StartOutcome.Refused($"This machine has no account '{name}'.")),
            { User: 0 } => (null, new StartOutcome.Refused($"The account '{name}' is root's; jobs never run as root.")),
            { Group: 0 } => (null, new StartOutcome.Refused($"The account '{name}' is in root's group; jobs never run with it.")),
            _ when account.User < _options.MinUid => (null, new StartOutcome.Refused(
                $"The account '{name}' has user id {account.User}; allowed are {_options.MinUid} and above, for lower ones belong to the system.")),
            _ => (account, null),
        };
    }
}
