using Gateway.Server.Auth.Modes;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth;

/// <summary>Administrators and groups that the configuration adds to what a mode vouches for.</summary>
internal sealed class Membership
{
    private readonly HashSet<string> _admins;
    private readonly Dictionary<string, List<string>> _groups = new(StringComparer.Ordinal);

    public Membership(IOptions<AuthOptions> options)
    {
        _admins = new(options.Value.Admins, StringComparer.Ordinal);
        foreach (var (group, members) in options.Value.Groups)
        {
            foreach (var member in members ?? [])
            {
                if (!_groups.TryGetValue(member, out var groups))
                {
                    _groups[member] = groups = [];
                }

                groups.Add(group);
            }
        }
    }

    public Login Complete(Login login) => login with
    {
        IsAdmin = login.IsAdmin || _admins.Contains(login.Name),
        Groups = _groups.TryGetValue(login.Name, out var groups) ? [.. login.Groups.Union(groups, StringComparer.Ordinal)] : login.Groups,
    };
}
