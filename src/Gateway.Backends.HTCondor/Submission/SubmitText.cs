using System.Text;
using System.Text.RegularExpressions;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>Writes values into a submit description so that HTCondor reads back exactly them.</summary>
/// <remarks>
/// A value goes through three readers: lines, macros (<c>$(…)</c>, <c>$ENV(…)</c> and, in the schedd when a machine is found, <c>$$(…)</c>), and the
/// syntax of arguments, environment or ClassAd strings. What one of them cannot be kept from changing is refused.
/// </remarks>
internal static partial class SubmitText
{
    /// <summary>Arguments in the new syntax, without the double quotes around them all.</summary>
    /// <exception cref="SubmitTextException">An argument cannot be written.</exception>
    public static string Arguments(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(argument => Word(argument, "argument")));

    /// <summary>Environment variables in the new syntax, without the double quotes around them all; in the order of their names.</summary>
    /// <exception cref="SubmitTextException">A variable cannot be written.</exception>
    public static string Environment(IEnumerable<KeyValuePair<string, string>> variables) =>
        string.Join(' ', variables.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair =>
            VariableName().IsMatch(pair.Key)
                ? $"{pair.Key}={Quote(pair.Value, $"environment variable {pair.Key}")}"
                : throw new SubmitTextException($"an environment variable cannot be called '{Show(pair.Key)}': letters, digits and _ are allowed")));

    /// <summary>A ClassAd string with its quotes.</summary>
    /// <exception cref="SubmitTextException">It cannot be written.</exception>
    public static string ClassAdString(string value, string what)
    {
        Check(value, what);
        // Submit descriptions are read by the old rules of ClassAds, in which a backslash cannot be written at the end of a string.
        return value.Contains('\\', StringComparison.Ordinal)
            ? throw new SubmitTextException($"{what} '{Show(value)}' has a backslash, which is not allowed")
            : Macros($"\"{value.Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
    }

    /// <summary>A ClassAd string for a constraint on a tool's command line, where there are no macros.</summary>
    public static string Literal(string value) => $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>Plain text on a line of its own command, such as a path or an image.</summary>
    /// <exception cref="SubmitTextException">It cannot be written.</exception>
    public static string Plain(string value, string what)
    {
        Check(value, what);
        return PlainText().IsMatch(value) ? value : throw new SubmitTextException($"{what} '{Show(value)}' has a character that is not allowed: letters, digits and . _ - + / : @ % = ~ are");
    }

    /// <summary>A name of a job or a cluster.</summary>
    /// <exception cref="SubmitTextException">It is not one.</exception>
    public static string Name(string value, string what) =>
        NameText().IsMatch(value) ? value : throw new SubmitTextException($"{what} '{Show(value)}' is no name: letters, digits and . _ - are allowed, at most 128");

    /// <summary>A value in a message, shortened and without control characters.</summary>
    public static string Show(string value)
    {
        var text = new StringBuilder();
        foreach (var c in value.AsSpan(0, Math.Min(value.Length, 80)))
        {
            text.Append(char.IsControl(c) ? '?' : c);
        }

        return value.Length > 80 ? text.Append('…').ToString() : text.ToString();
    }

    private static string Word(string value, string what)
    {
        if (SafeWord().IsMatch(value))
        {
            return value;
        }

        return Quote(value, what);
    }

    private static string Quote(string value, string what)
    {
        Check(value, what);
        return Macros($"'{value.Replace("'", "''", StringComparison.Ordinal).Replace("\"", "\"\"", StringComparison.Ordinal)}'");
    }

    private static void Check(string value, string what)
    {
        if (value.Any(char.IsControl))
        {
            throw new SubmitTextException($"{what} '{Show(value)}' has a line break or another control character, which HTCondor cannot pass on");
        }

        if (Reserved().Match(value) is { Success: true } match)
        {
            throw new SubmitTextException($"{what} '{Show(value)}' has '{match.Value}', which HTCondor would replace");
        }
    }

    // Only where a dollar sign would begin a macro it is written as one itself. Two of them in a row could not be.
    private static string Macros(string value) => MacroStart().Replace(value, "$$(DOLLAR)");

    [GeneratedRegex(@"^[A-Za-z0-9_@%+=:./-]+\z")]
    private static partial Regex SafeWord();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableName();

    [GeneratedRegex(@"^[A-Za-z0-9._+/:@%=~-]+\z")]
    private static partial Regex PlainText();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z")]
    private static partial Regex NameText();

    // $$( and $$[ are replaced by the schedd; $(DOLLAR) would be read twice; of a macro's default, after its colon, dollar signs are not read again.
    [GeneratedRegex(@"\$\$+[A-Za-z0-9_]*[(\[]|\$\(DOLLAR\)|\$[A-Za-z0-9_]*\([^)]*:.*?\$[A-Za-z0-9_]*\(", RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();

    // $(NAME), $ENV(NAME), $INT(NAME) and others.
    [GeneratedRegex(@"\$(?=[A-Za-z0-9_]*\()")]
    private static partial Regex MacroStart();
}
