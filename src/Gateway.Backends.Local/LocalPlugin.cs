using Gateway.Backends.Local.Processes;
using Gateway.Core.Backends;
using Microsoft.Extensions.Options;

namespace Gateway.Backends.Local;

/// <summary>Jobs as processes of the gateway's own machine: <c>Backends:{name}:Type = Local</c>. Linux only.</summary>
public sealed class LocalPlugin : IBackendPlugin
{
    /// <inheritdoc/>
    public string Type => "Local";

    /// <inheritdoc/>
    public IJobBackend Create(BackendContext context)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new OptionsValidationException(
                context.Configuration.Path, typeof(LocalOptions), [$"{context.Configuration.Path}:Type is 'Local', which needs Linux; on this system choose another backend."]);
        }

        var user = LibC.EffectiveUser();
        var options = new LocalOptionsReader(context.Configuration, user).Read(context.DataFolder);
        try
        {
            return new LocalBackend(context, options, LocalFolders.Make(options, context.Configuration.Path), user);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OptionsValidationException(
                context.Configuration.Path, typeof(LocalOptions), [$"{context.Configuration.Path}:Folder is '{options.Folder}', which cannot be used: {e.Message}"]);
        }
    }
}
