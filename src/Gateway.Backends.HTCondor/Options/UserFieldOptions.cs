namespace Gateway.Backends.HTCondor.Options;

/// <summary>A field that users may set: <c>Backends:{name}:UserFields:{field}</c>.</summary>
internal sealed class UserFieldOptions
{
    public UserFieldKind Kind { get; set; } = UserFieldKind.Text;

    /// <summary>The job's attribute of a text, integer or flag, such as <c>JobFlavour</c>.</summary>
    public string Attribute { get; set; } = "";

    /// <summary>The values allowed; none: any that fits.</summary>
    public List<string> Allowed { get; set; } = [];

    /// <summary>Smallest number; null: 0.</summary>
    public long? Min { get; set; }

    /// <summary>Largest number (disk: bytes), or longest text; null: no bound for numbers, 256 for text.</summary>
    public long? Max { get; set; }
}
