using System.Globalization;
using System.Text.RegularExpressions;
using Gateway.Backends.Local.Accounts;
using Gateway.Backends.Local.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Backends.Local;

/// <summary>Reads and checks a local backend's section; everything that is wrong is reported at once.</summary>
/// <param name="section"><c>Backends:{name}</c>.</param>
/// <param name="user">The user id that the gateway runs as.</param>
internal sealed partial class LocalOptionsReader(IConfigurationSection section, uint user)
{
    private readonly List<string> _failures = [];

    /// <param name="defaultFolder">Where the jobs lie unless the section says otherwise.</param>
    /// <exception cref="OptionsValidationException">A value is wrong.</exception>
    public LocalOptions Read(string defaultFolder)
    {
        var defaults = new LocalOptions { Folder = defaultFolder };
        var options = defaults with
        {
            Folder = Folder(defaultFolder),
            RunAs = Choice(nameof(LocalOptions.RunAs), defaults.RunAs),
            MinUid = (uint)Number(nameof(LocalOptions.MinUid), defaults.MinUid, 1, int.MaxValue),
            Home = Choice(nameof(LocalOptions.Home), defaults.Home),
            MaxJobs = (int)Number(nameof(LocalOptions.MaxJobs), defaults.MaxJobs, 1, 100_000),
            Nice = (int)Number(nameof(LocalOptions.Nice), defaults.Nice, 0, 19),
            OomScoreAdjust = (int)Number(nameof(LocalOptions.OomScoreAdjust), defaults.OomScoreAdjust, 0, 1000),
            InheritEnvironment = Names(nameof(LocalOptions.InheritEnvironment), defaults.InheritEnvironment),
            InterruptWait = Time(nameof(LocalOptions.InterruptWait), defaults.InterruptWait, TimeSpan.Zero, TimeSpan.FromHours(1)),
            TerminateWait = Time(nameof(LocalOptions.TerminateWait), defaults.TerminateWait, TimeSpan.Zero, TimeSpan.FromHours(1)),
            MaxLogSize = Size(nameof(LocalOptions.MaxLogSize), defaults.MaxLogSize, 64L << 10, 1L << 40),
            CheckPeriod = Time(nameof(LocalOptions.CheckPeriod), defaults.CheckPeriod, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
            ListPeriod = Time(nameof(LocalOptions.ListPeriod), defaults.ListPeriod, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
            KeepEnded = Time(nameof(LocalOptions.KeepEnded), defaults.KeepEnded, TimeSpan.FromMinutes(1), TimeSpan.FromDays(365)),
        };
        Machine(options);
        return _failures.Count == 0
            ? options
            : throw new OptionsValidationException(section.Path, typeof(LocalOptions), _failures);
    }

    private void Machine(LocalOptions options)
    {
        if (!File.Exists(Supervisor.Shell))
        {
            _failures.Add($"{section.Path}:Type is '{section["Type"]}', which needs {Supervisor.Shell}; this machine has none.");
        }

        if (options.RunAs != RunAs.Account)
        {
            return;
        }

        var key = $"{section.Path}:{nameof(LocalOptions.RunAs)} is 'account'";
        if (user != 0)
        {
            _failures.Add($"{key}, which only root may do; the gateway runs as user {user}. Run it as root, or set 'gateway'.");
        }

        if (AccountChange.Tool() is null)
        {
            _failures.Add($"{key}, which needs the program setpriv (package util-linux); this machine has none.");
        }
    }

    private string Folder(string fallback)
    {
        var value = section[nameof(LocalOptions.Folder)];
        if (string.IsNullOrEmpty(value))
        {
            return fallback;
        }

        if (!Path.IsPathFullyQualified(value) || value.Contains('\0', StringComparison.Ordinal))
        {
            Fail(nameof(LocalOptions.Folder), value, "an absolute path, such as /var/lib/dask-gateway/jobs");
            return fallback;
        }

        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(value));
    }

    private T Choice<T>(string key, T fallback)
        where T : struct, Enum
    {
        var value = section[key];
        if (string.IsNullOrEmpty(value))
        {
            return fallback;
        }

        if (char.IsAsciiLetter(value[0]) && Enum.TryParse<T>(value, ignoreCase: true, out var chosen) && Enum.IsDefined(chosen))
        {
            return chosen;
        }

        Fail(key, value, string.Join(" or ", Enum.GetNames<T>().Select(name => $"'{name.ToLowerInvariant()}'")));
        return fallback;
    }

    private long Number(string key, long fallback, long least, long most)
    {
        var value = section[key];
        if (string.IsNullOrEmpty(value))
        {
            return fallback;
        }

        if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fail(key, value, $"a whole number from {least} to {most}");
        return fallback;
    }

    private TimeSpan Time(string key, TimeSpan fallback, TimeSpan least, TimeSpan most)
    {
        var value = section[key];
        if (string.IsNullOrEmpty(value))
        {
            return fallback;
        }

        // A bare number would be days.
        if (value.Contains(':', StringComparison.Ordinal)
            && TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var time) && time >= least && time <= most)
        {
            return time;
        }

        Fail(key, value, $"a time as [days.]hours:minutes:seconds from {least:c} to {most:c}");
        return fallback;
    }

    private long Size(string key, long fallback, long least, long most)
    {
        var value = section[key];
        if (string.IsNullOrEmpty(value))
        {
            return fallback;
        }

        var match = SizePattern().Match(value);
        if (match.Success && double.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var number))
        {
            var unit = " KMGT".IndexOf(char.ToUpperInvariant(match.Groups[2].Value.FirstOrDefault(' ')), StringComparison.Ordinal);
            var bytes = number * Math.Pow(match.Groups[3].Value.Contains('i', StringComparison.OrdinalIgnoreCase) ? 1024 : 1000, unit);
            if (bytes >= least && bytes <= most)
            {
                return (long)bytes;
            }
        }

        Fail(key, value, $"a size in bytes, or with a unit such as MB or MiB, from {least >> 10} KiB to {most >> 40} TiB");
        return fallback;
    }

    private IReadOnlyList<string> Names(string key, IReadOnlyList<string> fallback)
    {
        var child = section.GetSection(key);
        var names = child.GetChildren().Select(entry => entry.Value ?? "").ToArray();
        if (names.Length == 0)
        {
            // One variable of the environment can carry a whole list.
            names = child.Value?.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries) ?? [];
        }

        foreach (var name in names.Where(name => !JobEnvironment.IsName(name)))
        {
            Fail(key, name, "names of environment variables: letters, digits and '_', not beginning with a digit");
        }

        return names.Length > 0 ? names : fallback;
    }

    private void Fail(string key, string value, string allowed) => _failures.Add($"{section.Path}:{key} is '{value}'; allowed is {allowed}.");

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?\z", RegexOptions.IgnoreCase)]
    private static partial Regex SizePattern();
}
