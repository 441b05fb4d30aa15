using Gateway.Core.Backends;
using Microsoft.Extensions.Options;

namespace Gateway.SamplePlugin;

/// <summary>The one thing that a backend outside the gateway's own tree registers itself with.</summary>
public sealed class SamplePlugin : IBackendPlugin
{
    public string Type => "Sample";

    public IJobBackend Create(BackendContext context)
    {
        string? slots = context.Configuration["Slots"];
        return slots is null || (int.TryParse(slots, out int count) && count > 0)
            ? new SampleBackend(context.Instance)
            : throw new OptionsValidationException(context.Configuration.Path, typeof(SampleBackend), [$"{context.Configuration.Path}:Slots is '{slots}'; allowed are 1 and more."]);
    }
}
