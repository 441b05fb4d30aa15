using Gateway.Core.Backends;
using Microsoft.Extensions.Options;

namespace Gateway.Faults.Backend;

/// <summary>A small batch system that every replica can reach: a folder is its queue, processes are its jobs. <c>Backends:{name}:Type = Folder</c>.</summary>
public sealed class FolderPlugin : IBackendPlugin
{
    /// <inheritdoc/>
    public string Type => "Folder";

    /// <inheritdoc/>
    public IJobBackend Create(BackendContext context)
    {
        string? folder = context.Configuration["Folder"];
        if (string.IsNullOrEmpty(folder))
        {
            throw new OptionsValidationException(
                context.Configuration.Path, typeof(FolderPlugin), [$"{context.Configuration.Path}:Folder is not set; needed is a folder that all replicas share."]);
        }

        var backend = new FolderBackend(new JobQueue(folder, context.Configuration["Gateways"] ?? ""));
        return CrashPoint.Configured is { } point ? point.Around<IJobBackend>(backend) : backend;
    }
}
