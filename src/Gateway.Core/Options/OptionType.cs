namespace Gateway.Core.Options;

/// <summary>The types of options that the standard client knows.</summary>
internal enum OptionType
{
    String,
    Bool,
    Int,
    Float,
    Select,
    Mapping,
}
