using Gateway.Core.People;
using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth;

/// <summary>
/// Administrators and groups that the configuration adds to what a mode vouches for. They are added to each request and not kept in
/// sessions, so that an administrator who is struck off the list is one no longer.
/// </summary>
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

    public Caller Complete(Caller caller) => caller with
    {
        IsAdmin = caller.IsAdmin || _admins.Contains(caller.Name),
        Groups = _groups.TryGetValue(caller.Name, out var groups) ? [.. caller.Groups.Union(groups, StringComparer.Ordinal)] : caller.Groups,
    };
}
