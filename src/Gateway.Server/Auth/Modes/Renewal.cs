namespace Gateway.Server.Auth.Modes;

/// <summary>Credentials to renew a session with. Not a record: nothing prints them.</summary>
internal sealed class Renewal(string credentials)
{
    public string Credentials => credentials;
}
