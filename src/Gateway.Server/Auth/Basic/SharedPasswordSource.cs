using Microsoft.Extensions.Options;

namespace Gateway.Server.Auth.Basic;

/// <summary>The shared password, read once.</summary>
internal sealed class SharedPasswordSource(IOptions<AuthOptions> options)
{
    public SharedPassword? Password { get; } = SharedPassword.From(options.Value.Basic);
}
