using System.Text;
using System.Text.Json;
using Gateway.Backends.HTCondor.Identity;

namespace Gateway.Backends.HTCondor.Tests.Identity;

public sealed class IdTokenTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_795_365_000);

    [Fact]
    public void Make_KnownKey_IsSignedAsHTCondorSigns()
    {
        // The key file, scrambled, of the secret "0123456789abcdef"; the signature was checked against condor_token_create's algorithm in Python.
        var secret = Encoding.ASCII.GetBytes("0123456789abcdef");
        byte[] scramble = [0xDE, 0xAD, 0xBE, 0xEF];
        var file = secret.Select((b, i) => (byte)(b ^ scramble[i % 4])).ToArray();

        var parts = IdToken.Make(file, "GATEWAY", "pool", "alice@pool", ["condor:/READ", "condor:/WRITE"], Now, Now.AddMinutes(15), "jti").Split('.');

        Assert.Equal("""{"alg":"HS256","kid":"GATEWAY"}""", Decode(parts[0]));
        using var claims = JsonDocument.Parse(Decode(parts[1]));
        Assert.Equal("alice@pool", claims.RootElement.GetProperty("sub").GetString());
        Assert.Equal("condor:/READ condor:/WRITE", claims.RootElement.GetProperty("scope").GetString());
        Assert.Equal(900, claims.RootElement.GetProperty("exp").GetInt64() - claims.RootElement.GetProperty("iat").GetInt64());
        Assert.Equal(ExpectedSignature, parts[2]);
    }

    private const string ExpectedSignature = "7ZvXCLIug8MrW6Wv-hRaPP5pPX7bbDYGuosqlMY7Beo";

    private static string Decode(string part) => Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(part));
}
