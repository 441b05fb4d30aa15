using Gateway.Server.Auth.Modes;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Basic;

/// <summary>User name and password: nobody's, one for all, or each user's own.</summary>
internal sealed class BasicMode(
    IOptions<AuthOptions> options, SharedPasswordSource shared, UsersFile users, PasswordCheck passwords, FailureThrottle throttle) : IAuthenticationMode
{
    public const string ModeName = "basic";

    private readonly bool _anyUser = options.Value.AnyUserMaySignIn;

    public string Name => ModeName;

    public string Challenge => "Basic";

    public bool AttachedByBrowsers => true;

    public async ValueTask<LoginOutcome> AuthenticateAsync(HttpContext context, string credentials, CancellationToken cancellationToken)
    {
        if (BasicCredentials.Read(credentials, out var mistake) is not var (user, password))
        {
            return new LoginOutcome.Refused(StatusCodes.Status401Unauthorized, mistake);
        }

        if (_anyUser)
        {
            return new LoginOutcome.SignedIn(new Login { Name = user });
        }

        var source = FailureThrottle.SourceOf(context.Connection.RemoteIpAddress);
        if (TooMany(throttle.WaitFor(source, user)) is { } refused)
        {
            return refused;
        }

        var line = users.IsUsed ? users.Find(user) : null;
        bool fits = await FitsAsync(user, line, password, cancellationToken);

        // Counted again, for many may have come at the same moment: no more of them than of others learn whether they were right.
        if (TooMany(fits ? throttle.WaitFor(source, user) : throttle.WaitAfterFailure(source, user)) is { } late)
        {
            return late;
        }

        if (!fits)
        {
            return new LoginOutcome.Refused(StatusCodes.Status401Unauthorized, "User name or password is wrong");
        }

        throttle.Succeeded(source, user);
        return new LoginOutcome.SignedIn(new Login { Name = user, Groups = line?.Groups ?? [], IsAdmin = line?.IsAdmin ?? false, Stamp = StampOf(line) });
    }

    public bool StillAccepts(string name, string stamp)
    {
        var line = users.IsUsed ? users.Find(name) : null;
        return (line is not null || !users.IsUsed) && stamp == StampOf(line);
    }

    private static LoginOutcome.Refused? TooMany(TimeSpan wait) => wait > TimeSpan.Zero
        ? new(StatusCodes.Status429TooManyRequests, $"Too many failed attempts to sign in: try again in {Math.Ceiling(wait.TotalSeconds)} s", wait)
        : null;

    private ValueTask<bool> FitsAsync(string user, UserLine? line, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        var usesShared = users.IsUsed ? line is { Hash: null } : true;
        return usesShared
            ? ValueTask.FromResult(shared.Password?.Fits(password.Span) ?? false)
            : passwords.FitsAsync(user, line?.Hash, password, cancellationToken);
    }

    // Sessions end with the password or the line of the file that they rest on.
    private string StampOf(UserLine? line) => line is null or { Hash: null } ? line?.Stamp + shared.Password?.Stamp : line.Stamp;
}
