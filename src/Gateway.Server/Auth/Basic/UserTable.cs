using System.Security.Cryptography;
using System.Text;

namespace Gateway.Server.Auth.Basic;

/// <summary>The file of users as read at one moment.</summary>
/// <param name="Users">By name.</param>
/// <param name="Errors">What is wrong with which line; quotes nothing of a hash.</param>
internal sealed record UserTable(IReadOnlyDictionary<string, UserLine> Users, IReadOnlyList<string> Errors)
{
    public static UserTable Empty { get; } = new(new Dictionary<string, UserLine>(), []);

    /// <summary>Reads lines <c>name:hash[:group,group][:admin]</c>; empty lines and those that begin with # are skipped.</summary>
    public static UserTable Parse(IEnumerable<string> lines, bool hasSharedPassword)
    {
        var users = new Dictionary<string, UserLine>(StringComparer.Ordinal);
        var errors = new List<string>();
        var number = 0;
        foreach (var raw in lines)
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (Read(line, hasSharedPassword, out var user) is { } error)
            {
                errors.Add($"line {number}: {error}.");
            }
            else if (!users.TryAdd(user!.Name, user))
            {
                errors.Add($"line {number}: user '{user.Name}' is listed twice.");
            }
        }

        return new(users, errors);
    }

    /// <summary>A short mark that changes with a text and does not tell it.</summary>
    public static string StampOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private static string? Read(string line, bool hasSharedPassword, out UserLine? user)
    {
        user = null;
        var parts = line.Split(':');
        if (parts.Length is < 2 or > 4 || parts[0].Length == 0)
        {
            return "expected name:hash[:group,group][:admin]";
        }

        if (parts.Length == 4 && parts[3] is not ("admin" or ""))
        {
            return $"the fourth field is '{parts[3]}'; allowed are admin and nothing";
        }

        PasswordHash? hash = null;
        if (parts[1].Length == 0)
        {
            if (!hasSharedPassword)
            {
                return "the hash is empty, which stands for a shared password, and none is configured";
            }
        }
        else if ((hash = PasswordHash.Parse(parts[1])) is null)
        {
            return "the hash is not of the form $pbkdf2-sha256$i=…$salt$hash that 'gateway hash-password' prints";
        }

        string[] groups = parts.Length > 2 ? parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
        user = new(parts[0], hash, groups, IsAdmin: parts.Length == 4 && parts[3] == "admin", StampOf(line));
        return null;
    }
}
