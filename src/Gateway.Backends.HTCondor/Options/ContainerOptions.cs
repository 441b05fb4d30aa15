namespace Gateway.Backends.HTCondor.Options;

/// <summary>How jobs get a container: <c>…:Container</c> of a layer of <see cref="SubmitOptions"/>.</summary>
internal sealed class ContainerOptions
{
    public ContainerMode Mode { get; set; } = ContainerMode.None;

    /// <summary>The image where the cluster names none; empty: no container then.</summary>
    public string Image { get; set; } = "";

    /// <summary>Patterns of images that users may name: <c>*</c> stands for any characters, <c>?</c> for one. None: users may name no image.</summary>
    public List<string> Allowed { get; set; } = [];

    /// <summary>Folders that list the images there are, such as <c>/cvmfs/unpacked.cern.ch</c>: an image below one of them must exist.</summary>
    public List<string> Catalogs { get; set; } = [];

    /// <summary>What a catalog's images are called in the catalog, instead of <c>registry/name:tag</c>: put before an image that is no path, to look it up; empty: such images are not looked up.</summary>
    public string CatalogPrefix { get; set; } = "";

    /// <summary>Bind mounts, <c>from</c> or <c>from:to</c> or <c>from:to:ro</c>.</summary>
    public List<string> Binds { get; set; } = [];

    /// <summary>Attribute with the image in <see cref="ContainerMode.Attribute"/>.</summary>
    public string Attribute { get; set; } = "SingularityImage";

    /// <summary>Attribute with the bind mounts in <see cref="ContainerMode.Attribute"/>, joined by commas; empty: none.</summary>
    public string BindAttribute { get; set; } = "SingularityBindMounts";

    /// <summary>The program of <see cref="ContainerMode.Apptainer"/> and its arguments up to the binds.</summary>
    public List<string> Command { get; set; } = [];
}
