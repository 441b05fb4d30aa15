namespace Gateway.Backends.HTCondor.Tests.Pool;

/// <summary>The ways in which a backend can be configured, as used by more than one test.</summary>
internal static class PoolSettings
{
    public static (string Key, string Value)[] Token =>
    [
        ("Identity:Mode", "Token"),
        ("Identity:Token:KeyFile", Path.Combine(PoolFixture.Root, "etc/condor/passwords.d/GATEWAY")),
        ("Identity:Token:TrustDomain", Environment.MachineName),
        ("Identity:Token:UserDomain", Environment.MachineName),
        ("EventLog:Path", Path.Combine(PoolFixture.Root, "var/log/condor/EventLog")),
    ];

    public static (string Key, string Value)[] SuperUser => [("Identity:Mode", "SuperUser"), ("EventLog:Path", Path.Combine(PoolFixture.Root, "var/log/condor/EventLog"))];
}
