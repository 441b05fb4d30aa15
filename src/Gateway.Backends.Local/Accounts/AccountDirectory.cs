using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Gateway.Backends.Local.Processes;

namespace Gateway.Backends.Local.Accounts;

/// <summary>Asks the machine for its accounts, wherever it has them from (files, LDAP, sssd).</summary>
internal static unsafe partial class AccountDirectory
{
    private const int BufferSize = 64 * 1024;

    public const string AllowedNames = "1 to 64 letters, digits, '.', '_', '-' and '@', beginning with a letter or '_'";

    public static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>An account by name; null when there is none.</summary>
    /// <exception cref="IOException">The machine could not tell.</exception>
    public static Account? Find(string name)
    {
        LibC.Passwd entry;
        LibC.Passwd* found;
        var buffer = new byte[BufferSize];
        fixed (byte* pointer = buffer)
        {
            return Take(LibC.FindUser(name, &entry, pointer, BufferSize, &found), found);
        }
    }

    /// <summary>The account of a user id; null when it has no name, as often in containers.</summary>
    public static Account? Find(uint user)
    {
        LibC.Passwd entry;
        LibC.Passwd* found;
        var buffer = new byte[BufferSize];
        fixed (byte* pointer = buffer)
        {
            return Take(LibC.FindUser(user, &entry, pointer, BufferSize, &found), found);
        }
    }

    private static Account? Take(int error, LibC.Passwd* found)
    {
        // "Not found" is no error to POSIX, but some name services report it as one of these: ENOENT, ESRCH, EBADF, EPERM.
        if (error is not (0 or 2 or 3 or 9 or 1))
        {
            throw new IOException($"The machine's accounts could not be asked: {Marshal.GetPInvokeErrorMessage(error)}.");
        }

        return found is null || error != 0
            ? null
            : new Account(Text(found->Name), found->User, found->Group, Text(found->Home));
    }

    private static string Text(byte* value) => Marshal.PtrToStringUTF8((nint)value) ?? "";

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9._@-]{0,63}\z")]
    private static partial Regex NamePattern();
}
