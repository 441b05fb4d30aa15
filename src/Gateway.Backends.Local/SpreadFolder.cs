using Gateway.Backends.Local.Processes;

namespace Gateway.Backends.Local;

/// <summary>Tells the file system that the folders below a folder have nothing to do with each other.</summary>
/// <remarks>
/// ext4 looks for a new file's inode in the block group of its folder, and passes over those that were given up within the last minutes, one by
/// one. Where jobs come and go in one group, each of a job's dozen files takes longer than the last: together 10 ms after some hundred
/// jobs. The flag (<c>chattr +T</c>) has each folder begin in a group of its own. Elsewhere it is unknown, and not needed.
/// </remarks>
internal static unsafe class SpreadFolder
{
    // As linux/fs.h has them for most architectures; elsewhere they name nothing.
    private const nuint GetFlags = 0x80086601;
    private const nuint SetFlags = 0x40086602;
    private const long TopDirectory = 0x20000;

    /// <returns>Whether the folder has the flag; without it all works as well, only more slowly.</returns>
    public static bool TryMark(string path)
    {
        int folder = LibC.Open(path, LibC.O_CLOEXEC, 0);
        if (folder < 0)
        {
            return false;
        }

        try
        {
            long flags = 0;
            if (LibC.Control(folder, GetFlags, &flags) != 0)
            {
                return false;
            }

            if ((flags & TopDirectory) != 0)
            {
                return true;
            }

            flags |= TopDirectory;
            return LibC.Control(folder, SetFlags, &flags) == 0;
        }
        finally
        {
            _ = LibC.Close(folder);
        }
    }
}
