using System.IO.Enumeration;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Submission;

namespace Gateway.Backends.HTCondor.Images;

/// <summary>Which images jobs may run in, and how they get into them.</summary>
internal static class ImagePolicy
{
    private const int MaxLength = 500;

    /// <summary>The image that jobs are to run in.</summary>
    /// <exception cref="SubmitTextException">It is not allowed, or is not there: the message names what is.</exception>
    public static ImageUse Choose(string? asked, ContainerOptions options)
    {
        var image = string.IsNullOrEmpty(asked) ? options.Image : asked;
        if (image.Length == 0)
        {
            return default;
        }

        if (options.Mode == ContainerMode.None)
        {
            throw new SubmitTextException($"the image '{SubmitText.Show(image)}' cannot be used: jobs run without containers here");
        }

        // The default is the administrator's, and needs no permission.
        if (image != options.Image)
        {
            Check(image, options);
        }

        return new ImageUse(image);
    }

    /// <summary>Words before the command with which a job enters its container by itself.</summary>
    public static IEnumerable<string> Prefix(ImageUse image, ContainerOptions options)
    {
        if (image.Name is null || options.Mode != ContainerMode.Apptainer)
        {
            yield break;
        }

        foreach (var word in options.Command.Count > 0 ? options.Command : ["apptainer", "exec"])
        {
            yield return word;
        }

        foreach (var bind in options.Binds)
        {
            yield return "--bind";
            yield return bind;
        }

        yield return image.Name;
    }

    private static void Check(string image, ContainerOptions options)
    {
        if (image.Length > MaxLength)
        {
            throw new SubmitTextException($"the name of an image has at most {MaxLength} characters");
        }

        SubmitText.Plain(image, "the image");
        if (image.Split('/').Contains(".."))
        {
            throw new SubmitTextException($"the image '{SubmitText.Show(image)}' must be named without '..'");
        }

        if (!options.Allowed.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, image, ignoreCase: false)))
        {
            var allowed = options.Allowed.Count == 0 ? "no image may be chosen" : $"allowed are {string.Join(", ", options.Allowed)}";
            throw new SubmitTextException($"the image '{SubmitText.Show(image)}' is not allowed: {allowed}");
        }

        var path = image.StartsWith('/') ? image : options.CatalogPrefix.Length > 0 ? options.CatalogPrefix + image : null;
        if (path is not null && options.Catalogs.FirstOrDefault(catalog => path.StartsWith(catalog.TrimEnd('/') + "/", StringComparison.Ordinal)) is { } catalog && !Path.Exists(path))
        {
            var near = NearImages.Of(path, catalog);
            var hint = near.Count == 0 ? $"nothing like it is below {catalog}" : $"near it are {string.Join(", ", near.Select(name => image.StartsWith('/') ? name : name[options.CatalogPrefix.Length..]))}";
            throw new SubmitTextException($"there is no image '{SubmitText.Show(image)}': {hint}");
        }
    }
}
