namespace Gateway.Backends.HTCondor.Jobs;

/// <summary>HTCondor's hold codes in a user's words.</summary>
internal static class HoldCodes
{
    public const int SpoolingInput = 16;

    /// <summary>Codes of failures before a job has begun, that often pass by themselves on another machine or a little later.</summary>
    public static IReadOnlyList<int> Passing { get; } = [7, 9, 13, 14, 28, 35];

    private const string Memory = "it used more memory than it asked for: ask for more memory per worker, or give tasks smaller pieces";
    private const string Disk = "it used more disk than it asked for: ask for more disk";

    /// <summary>What it means, and what to do.</summary>
    public static string Explain(int code, int subCode, string reason) => code switch
    {
        // Sites bound memory and disk by rules of their own, which only their words tell.
        3 or 21 or 22 or 26 or 34 when reason.Contains("memory", StringComparison.OrdinalIgnoreCase) => Memory,
        3 or 21 or 22 or 26 or 45 when reason.Contains("disk", StringComparison.OrdinalIgnoreCase) => Disk,
        1 => "it was held by hand: ask who held it, or scale down and up again",
        3 => "a policy of the site (periodic hold) stopped it: ask for less, or ask the administrators which rule it was",
        6 when subCode == 2 => "its command was not found on the machine: check the image or the environment",
        6 => "the machine could not start it: another machine may; if not, check image and command",
        7 => "its output could not be written on the access point: a disk may be full, tell the administrators",
        9 or 10 or 11 => "a hook of the machine failed: another machine may work",
        12 => "its output could not be brought back: a disk may be full",
        13 => "its files could not be brought to the machine: tell the administrators if it goes on",
        14 => "its folder on the access point is not there: tell the administrators",
        15 => "it was submitted on hold",
        16 => "its files are being handed over",
        21 or 22 => "it was checked by a rule of the machine and refused: ask the administrators",
        26 => "the site's limit for its kind of job stopped it (system periodic hold): ask for less, or ask the administrators",
        28 => "the machine lost contact while starting it: another machine may work",
        32 or 33 => "it has written more output than is brought back: write less to its output",
        34 => Memory,
        35 => "Docker or Apptainer failed on the machine: check the image",
        45 => Disk,
        46 or 47 => "its time was over",
        _ => "see the reason",
    };
}
