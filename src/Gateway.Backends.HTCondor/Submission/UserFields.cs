using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Backends.HTCondor.Options;

namespace Gateway.Backends.HTCondor.Submission;

/// <summary>Reads the fields that users may set. Every value is checked or quoted here, and becomes nothing but its own value.</summary>
internal sealed partial class UserFields(HTCondorOptions options, SubmitLayers layers)
{
    /// <exception cref="SubmitTextException">A field is not allowed, or its value is wrong: the message names field, value and what is allowed.</exception>
    public UserChoices Read(IReadOnlyDictionary<string, string> fields)
    {
        var choices = new UserChoices { Profile = options.DefaultProfile };
        foreach (var (name, value) in fields.Where(field => field.Value.Length > 0))
        {
            if (!Find(name, out var field))
            {
                var allowed = options.UserFields.Count == 0 ? "none is" : $"allowed are {string.Join(", ", options.UserFields.Keys.Order(StringComparer.Ordinal))}";
                throw new SubmitTextException($"The field '{SubmitText.Show(name)}' cannot be set for HTCondor jobs; {allowed}.");
            }

            try
            {
                choices = Apply(choices, field, value);
            }
            catch (SubmitTextException exception)
            {
                throw new SubmitTextException($"{name} = '{SubmitText.Show(value)}': {exception.Message}.");
            }
        }

        return choices;
    }

    private bool Find(string name, out UserFieldOptions field)
    {
        var found = options.UserFields.FirstOrDefault(pair => string.Equals(pair.Key, name, StringComparison.OrdinalIgnoreCase));
        field = found.Value;
        return field is not null;
    }

    private UserChoices Apply(UserChoices choices, UserFieldOptions field, string value)
    {
        switch (field.Kind)
        {
            case UserFieldKind.Requirements:
                return choices with { Requirements = Checked(field, value) };
            case UserFieldKind.Rank:
                return choices with { Rank = Checked(field, value) };
            case UserFieldKind.Disk:
                return choices with { Disk = InRange(field, Size(value)) };
            case UserFieldKind.Gpus:
                return choices with { Gpus = (int)InRange(field, Math.Min(Whole(value), int.MaxValue)) };
            case UserFieldKind.ConcurrencyLimits:
                var names = value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                return choices with { ConcurrencyLimits = [.. names.Select(name => LimitName().IsMatch(name) ? OneOf(field, name) : throw new SubmitTextException($"'{SubmitText.Show(name)}' is no name of a limit: letters, digits, _ and . are allowed, and :number after it"))] };
            case UserFieldKind.AccountingGroup:
                return choices with { AccountingGroup = GroupName().IsMatch(value) ? OneOf(field, value) : throw new SubmitTextException("an accounting group has letters, digits, _ . and -") };
            case UserFieldKind.Profile:
                var profile = OneOf(field, value);
                return layers.Has(profile) ? choices with { Profile = profile } : throw new SubmitTextException($"there is no such profile; there are {string.Join(", ", layers.Profiles)}");
            default:
                return choices with { Attributes = new Dictionary<string, string>(choices.Attributes) { [field.Attribute] = Literal(field, value) } };
        }
    }

    private static string Literal(UserFieldOptions field, string value)
    {
        switch (field.Kind)
        {
            case UserFieldKind.Integer:
                return InRange(field, Whole(value)).ToString(CultureInfo.InvariantCulture);
            case UserFieldKind.Flag:
                return bool.TryParse(value, out var flag) ? flag ? "True" : "False" : throw new SubmitTextException("true or false is allowed");
            default:
                var longest = field.Max ?? 256;
                return value.Length <= longest
                    ? SubmitText.ClassAdString(OneOf(field, value), "the text")
                    : throw new SubmitTextException($"it is longer than {longest} characters");
        }
    }

    private static string Checked(UserFieldOptions field, string value)
    {
        Expression.Check(OneOf(field, value));
        return value;
    }

    private static string OneOf(UserFieldOptions field, string value) =>
        field.Allowed.Count == 0 || field.Allowed.Contains(value, StringComparer.Ordinal)
            ? value
            : throw new SubmitTextException($"allowed are {string.Join(", ", field.Allowed)}");

    private static long Whole(string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new SubmitTextException("a whole number is allowed");

    private static long InRange(UserFieldOptions field, long value)
    {
        var (min, max) = (field.Min ?? 0, field.Max ?? long.MaxValue);
        return value >= min && value <= max
            ? value
            : throw new SubmitTextException(field.Max is null ? $"it must be {min} or more" : $"it must be from {min} to {max}");
    }

    private static long Size(string value)
    {
        var match = SizeText().Match(value);
        if (!match.Success)
        {
            throw new SubmitTextException("a size is a number of bytes, or a number with KB, MB, GB, TB, KiB, MiB, GiB or TiB");
        }

        var unit = match.Groups[2].Value.ToUpperInvariant();
        var step = unit.Contains('I', StringComparison.Ordinal) ? 1024m : 1000m;
        var power = unit.Length == 0 ? 0 : "BKMGT".IndexOf(unit[0], StringComparison.Ordinal);
        var bytes = decimal.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        for (var i = 0; i < power; i++)
        {
            bytes *= step;
        }

        return bytes <= 1L << 60 ? (long)bytes : throw new SubmitTextException("that is more than there can be");
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_.]{0,99}(:[0-9]{1,9}(\.[0-9]{1,3})?)?\z")]
    private static partial Regex LimitName();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex GroupName();

    [GeneratedRegex(@"^([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([KMGT]i?B?|B)?\z", RegexOptions.IgnoreCase)]
    private static partial Regex SizeText();
}
