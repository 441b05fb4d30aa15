using Gateway.Backends.HTCondor.Options;
using Gateway.Core.Backends;

namespace Gateway.Backends.HTCondor;

/// <summary>Makes HTCondor backends: <c>Backends:{name}:Type = HTCondor</c>.</summary>
public sealed class HTCondorPlugin : IBackendPlugin
{
    /// <inheritdoc/>
    public string Type => "HTCondor";

    /// <inheritdoc/>
    public IJobBackend Create(BackendContext context)
    {
        var options = new HTCondorOptions();
        var layers = new SubmitLayers(context.Configuration);
        HTCondorOptionsValidator.BindAndValidate(context, options, layers);
        return new HTCondorBackend(options, layers, context);
    }
}
