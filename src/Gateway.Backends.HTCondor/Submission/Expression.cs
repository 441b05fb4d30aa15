using System.Text.RegularExpressions;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>Checks that a user's text is one whole ClassAd expression, so that in parentheses it can be nothing else.</summary>
/// <remarks>Comparisons, logic, arithmetic, strings, attributes and calls of harmless functions; no records, no comments, no macros.</remarks>
internal sealed partial class Expression
{
    private const int MaxLength = 2000;
    private const int MaxDepth = 50;

    private static readonly HashSet<string> Functions = new(StringComparer.OrdinalIgnoreCase)
    {
        "regexp", "stringListMember", "stringListIMember", "member", "ifThenElse", "isUndefined", "isError", "toLower", "toUpper", "strcmp", "stricmp",
        "substr", "size", "strcat", "int", "real", "string", "bool", "floor", "ceiling", "round", "min", "max", "pow", "abs", "versionGE", "versionLE", "versionGT", "versionLT", "versionEQ",
        "versioncmp", "split", "splitSlotName", "splitUserName", "time", "anyCompare", "allCompare", "identicalMember",
    };

    private readonly List<string> _tokens = [];
    private int _at;
    private int _depth;

    private Expression(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new SubmitTextException($"an expression has at most {MaxLength} characters, this has {text.Length}");
        }

        var at = 0;
        while (at < text.Length)
        {
            var match = Token().Match(text, at);
            if (!match.Success || match.Length == 0)
            {
                throw new SubmitTextException($"'{SubmitText.Show(text[at..])}' is not understood: attributes, numbers, strings in double quotes, operators, parentheses and common functions are allowed");
            }

            at += match.Length;
            if (!string.IsNullOrWhiteSpace(match.Value))
            {
                _tokens.Add(match.Value);
            }
        }
    }

    private string? Next => _at < _tokens.Count ? _tokens[_at] : null;

    /// <exception cref="SubmitTextException">It is no expression, or uses what is not allowed.</exception>
    public static void Check(string text)
    {
        var expression = new Expression(text);
        expression.Ternary();
        if (expression.Next is { } rest)
        {
            throw new SubmitTextException($"'{SubmitText.Show(rest)}' does not belong there: an operator is missing or a parenthesis is too many");
        }
    }

    private void Ternary()
    {
        if (++_depth > MaxDepth)
        {
            throw new SubmitTextException($"an expression may be nested {MaxDepth} deep");
        }

        Binary();
        if (Take("?"))
        {
            if (!Take(":"))
            {
                Ternary();
                Expect(":");
            }

            Ternary();
        }

        _depth--;
    }

    // Which operator binds closer does not matter for what is an expression.
    private void Binary()
    {
        Unary();
        while (Next is { } next && Operator().IsMatch(next))
        {
            _at++;
            Unary();
        }
    }

    private void Unary()
    {
        while (Next is "!" or "-" or "+" or "~")
        {
            _at++;
        }

        Primary();
    }

    private void Primary()
    {
        if (Next is not { } token)
        {
            throw new SubmitTextException("the expression ends too early");
        }

        _at++;
        if (token == "(")
        {
            Ternary();
            Expect(")");
        }
        else if (token == "{")
        {
            List("}");
        }
        else if (!Operand().IsMatch(token))
        {
            throw new SubmitTextException($"'{SubmitText.Show(token)}' stands where a value should");
        }
        else if (Take("("))
        {
            if (!Functions.Contains(token))
            {
                throw new SubmitTextException($"the function '{SubmitText.Show(token)}' is not allowed here");
            }

            List(")");
        }
    }

    private void List(string end)
    {
        if (Take(end))
        {
            return;
        }

        do
        {
            Ternary();
        }
        while (Take(","));
        Expect(end);
    }

    private bool Take(string token)
    {
        if (Next != token)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
        {
            throw new SubmitTextException($"'{token}' is missing{(Next is { } next ? $" before '{SubmitText.Show(next)}'" : " at the end")}");
        }
    }

    [GeneratedRegex("""\G(?:[ \t]+|"(?:[^"\\$\p{Cc}]|\\["\\])*"|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?|=\?=|=!=|==|!=|<=|>=|&&|\|\||[<>!+*%?:,(){}~-]|/(?![/*]))""", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(@"^(=\?=|=!=|==|!=|<=|>=|<|>|&&|\|\||[+*/%-]|is|isnt)\z", RegexOptions.IgnoreCase)]
    private static partial Regex Operator();

    [GeneratedRegex("""^(?!(is|isnt)\z)["0-9A-Za-z_]""", RegexOptions.IgnoreCase)]
    private static partial Regex Operand();
}
