namespace Gateway.Backends.HTCondor.Images;

/// <summary>The image that jobs run in; null: none.</summary>
internal readonly record struct ImageUse(string? Name);
