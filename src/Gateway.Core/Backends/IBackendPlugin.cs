namespace Gateway.Core.Backends;

/// <summary>Makes backends of one type. A plugin assembly has at least one public implementation with a public constructor without parameters.</summary>
public interface IBackendPlugin
{
    /// <summary>What <c>Backends:{name}:Type</c> must be for this plugin, compared without case.</summary>
    string Type { get; }

    /// <summary>Makes the instance that a configuration section describes.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A value is wrong; each message names its full key, the value and what is allowed.</exception>
    IJobBackend Create(BackendContext context);
}
