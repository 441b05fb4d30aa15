using System.Text.RegularExpressions;
using Gateway.Backends.HTCondor.Files;
using Gateway.Backends.HTCondor.Submission;
using Gateway.Core.Backends;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Backends.HTCondor.Options;

/// <summary>Checks a backend's section as a whole, so that all that is wrong is told at once.</summary>
internal static partial class HTCondorOptionsValidator
{
    // Read by the gateway itself, or in layers.
    private static readonly string[] OtherKeys = ["Type", "Assembly", "Dask", "Limits", "Submit", "Scheduler", "Worker", "Profiles"];

    /// <exception cref="OptionsValidationException">A value is wrong.</exception>
    public static void BindAndValidate(BackendContext context, HTCondorOptions options, SubmitLayers layers)
    {
        var failures = new List<string>();
        Try(failures, () => context.Configuration.Bind(options));
        CheckKeys(failures, context.Configuration, typeof(HTCondorOptions), OtherKeys);
        foreach (var layer in SubmitLayers.Sections(context.Configuration))
        {
            CheckKeys(failures, layer, typeof(SubmitOptions), []);
        }

        if (failures.Count == 0)
        {
            options.Folder = options.Folder.Length > 0 ? options.Folder : context.DataFolder;
            options.Files.Mode ??= options.Identity.Mode == IdentityMode.Service ? FileMode.Folder : FileMode.Spool;
            Check(new Failures(context.Configuration.Path, failures), options, layers);
            foreach (var kind in Enum.GetValues<JobKind>())
            {
                foreach (var profile in layers.Profiles.Prepend(""))
                {
                    Try(failures, () => CheckSubmit(new Failures($"{context.Configuration.Path}:{(profile.Length > 0 ? $"Profiles:{profile}" : "Submit")}", failures), layers.Resolve(kind, profile)));
                }
            }
        }

        if (failures.Count > 0)
        {
            throw new OptionsValidationException(context.Configuration.Path, typeof(HTCondorOptions), failures.Distinct());
        }
    }

    private static void Try(List<string> failures, Action action)
    {
        try
        {
            action();
        }
        catch (InvalidOperationException exception)
        {
            failures.Add(exception.InnerException is { } inner ? $"{exception.Message} {inner.Message}" : exception.Message);
        }
    }

    /// <summary>A key that nobody reads is a mistake: what it was meant to set would silently stay as it is.</summary>
    private static void CheckKeys(List<string> failures, IConfigurationSection section, Type type, IReadOnlyCollection<string> others)
    {
        var properties = type.GetProperties().Where(property => property.CanWrite).ToDictionary(property => property.Name, property => property.PropertyType, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren().Where(child => !others.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            if (!properties.TryGetValue(child.Key, out var inner))
            {
                failures.Add($"{child.Path} is not a setting; allowed here are {string.Join(", ", properties.Keys.Concat(others).Order(StringComparer.Ordinal))}.");
            }
            else if (IsSection(inner))
            {
                CheckKeys(failures, child, inner, []);
            }
            else if (inner.IsGenericType && inner.GetGenericArguments()[^1] is var item && IsSection(item))
            {
                foreach (var one in child.GetChildren())
                {
                    CheckKeys(failures, one, item, []);
                }
            }
        }
    }

    private static bool IsSection(Type type) => type.IsClass && type.Namespace == typeof(HTCondorOptions).Namespace;

    private static void Check(Failures failures, HTCondorOptions options, SubmitLayers layers)
    {
        failures.Range("ListPeriod", options.ListPeriod, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        failures.Range("EventLog:PollPeriod", options.EventLog.PollPeriod, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1));
        failures.Range("Tools:Timeout", options.Tools.Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(30));
        failures.Range("Tools:SubmitTimeout", options.Tools.SubmitTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(30));
        failures.Range("Tools:MaxConcurrent", options.Tools.MaxConcurrent, 1, 64);
        failures.Range("Tools:MaxOutput", options.Tools.MaxOutput, 1 << 16, 1 << 30);
        failures.Range("Queue:SubmissionsPerMinute", options.Queue.SubmissionsPerMinute, 1, 100_000);
        failures.Range("Queue:IdleJobs", options.Queue.IdleJobs, 1, 1_000_000);
        failures.Range("Queue:JobsPerSubmission", options.Queue.JobsPerSubmission, 1, 20_000);
        failures.Range("History:ScanLimit", options.History.ScanLimit, 100, 10_000_000);
        failures.Require("Folder", options.Folder, Path.IsPathRooted(options.Folder) && FolderName().IsMatch(options.Folder), "an absolute path of letters, digits and . _ - + /");
        failures.Require("Tools:Root", options.Tools.Root, options.Tools.Root.Length == 0 || options.Folder.StartsWith(options.Tools.Root, StringComparison.Ordinal), "empty, or a folder above 'Folder'");
        failures.Require("Schedds", string.Join(", ", options.Schedds.Select(schedd => schedd.Scope)), options.Schedds.DistinctBy(schedd => schedd.Scope).Count() == options.Schedds.Count && options.Schedds.All(schedd => !schedd.Scope.Contains('#', StringComparison.Ordinal)), "different names without #");
        failures.Require("DefaultProfile", options.DefaultProfile, layers.Has(options.DefaultProfile), $"empty, or one of {string.Join(", ", layers.Profiles)}");
        failures.Require("Files:Mode", $"{options.Files.Mode}", options.Files.Mode != FileMode.Folder || options.Identity.Mode == IdentityMode.Service, "Spool where jobs are the users' own: they could not read the gateway's folders");
        failures.Require("Files:Owner", options.Files.Owner, IsOwner(options.Files.Owner), "uid or uid:gid, in numbers");
        CheckIdentity(failures, options.Identity);
        CheckCredentials(failures, options);
        foreach (var (name, field) in options.UserFields)
        {
            failures.Require($"UserFields:{name}:Attribute", field.Attribute, field.Kind is not (UserFieldKind.Text or UserFieldKind.Integer or UserFieldKind.Flag) || AttributeName().IsMatch(field.Attribute), "the name of an attribute, for a text, an integer or a flag");
            failures.Require($"UserFields:{name}:Allowed", "", field.Allowed.Count > 0 || field.Kind is not (UserFieldKind.Profile or UserFieldKind.AccountingGroup or UserFieldKind.ConcurrencyLimits), "one value or more, for a profile, an accounting group or concurrency limits");
        }
    }

    private static void CheckIdentity(Failures failures, IdentityOptions identity)
    {
        failures.Require("Identity:AllowedAccounts", identity.AllowedAccounts, IsRegex(identity.AllowedAccounts), "a regular expression");
        failures.Require("Identity:AccountingGroup", identity.AccountingGroup, identity.AccountingGroup.Length == 0 || FolderName().IsMatch(identity.AccountingGroup), "empty, or letters, digits and . _ -");
        failures.Require("Identity:ServiceAccount", identity.ServiceAccount, identity.ServiceAccount.Length == 0 || FolderName().IsMatch(identity.ServiceAccount), "empty, or an account");
        if (identity.Mode != IdentityMode.Token)
        {
            return;
        }

        var token = identity.Token;
        failures.Require("Identity:Token:KeyFile", token.KeyFile, CanRead(token.KeyFile), "a file that this program can read, the same as in the schedd's passwords.d");
        failures.Require("Identity:Token:TrustDomain", token.TrustDomain, token.TrustDomain.Length > 0, "the pool's TRUST_DOMAIN (condor_config_val TRUST_DOMAIN)");
        failures.Require("Identity:Token:UserDomain", token.UserDomain, token.UserDomain.Length > 0, "the pool's UID_DOMAIN (condor_config_val UID_DOMAIN)");
        failures.Range("Identity:Token:Lifetime", token.Lifetime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1));
        failures.Range("Identity:Token:ClockSkew", token.ClockSkew, TimeSpan.Zero, TimeSpan.FromMinutes(10));
    }

    private static void CheckCredentials(Failures failures, HTCondorOptions options)
    {
        for (var i = 0; i < options.Files.Credentials.Count; i++)
        {
            var credential = options.Files.Credentials[i];
            var key = $"Files:Credentials:{i}";
            failures.Require($"{key}:Name", credential.Name, credential.Proxy || FileName().IsMatch(credential.Name), "a file name of letters, digits and . _ -");
            failures.Require($"{key}:Variable", credential.Variable, credential.Variable.Length == 0 || AttributeName().IsMatch(credential.Variable), "empty, or the name of a variable: letters, digits and _");
            failures.Require($"{key}:File", credential.File, (credential.File.Length > 0) != (credential.Command.Count > 0), "either a file or a command");
            failures.Require($"{key}:Proxy", $"{credential.Proxy}", !credential.Proxy || (credential.File.Length > 0 && options.Files.Mode == FileMode.Folder), "only with a file, and with Files:Mode Folder");
        }
    }

    private static void CheckSubmit(Failures failures, SubmitOptions submit)
    {
        failures.Range("LeaseDuration", submit.LeaseDuration, TimeSpan.FromSeconds(20), TimeSpan.FromDays(1));
        failures.Range("MaxVacateTime", submit.MaxVacateTime, TimeSpan.Zero, TimeSpan.FromHours(1));
        failures.Range("ReleaseTimes", submit.ReleaseTimes, 0, 100);
        failures.Range("MaxOutputMegabytes", submit.MaxOutputMegabytes, 1, 100_000);
        failures.Range("HeldRetention", submit.HeldRetention, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));
        failures.Range("MaxDuration", submit.MaxDuration ?? TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), TimeSpan.FromDays(365));
        failures.Require("Requirements", submit.Requirements, !HasBreak(submit.Requirements), "one line");
        failures.Require("Rank", submit.Rank, !HasBreak(submit.Rank), "one line");
        failures.Require("DurationAttribute", submit.DurationAttribute, submit.DurationAttribute.Length == 0 || AttributeName().IsMatch(submit.DurationAttribute), "the name of an attribute");
        foreach (var (name, value) in submit.Attributes)
        {
            failures.Require($"Attributes:{name}", value, AttributeName().IsMatch(name) && value.Length > 0 && !HasBreak(value), "the name of an attribute, and a ClassAd expression (a string has its own quotes)");
        }

        foreach (var line in submit.Lines)
        {
            failures.Require("Lines", line, !HasBreak(line) && !QueueLine().IsMatch(line), "one command per line, and no queue statement");
        }

        var container = submit.Container;
        failures.Require("Container:Binds", string.Join(", ", container.Binds), container.Binds.Count == 0 || container.Mode != ContainerMode.Universe, "none with Mode Universe: HTCondor has no submit command for bind mounts, the site's SINGULARITY_BIND_EXPR decides; use Attribute or Apptainer");
        failures.Require("Container:Attribute", container.Attribute, AttributeName().IsMatch(container.Attribute), "the name of an attribute");
        foreach (var catalog in container.Catalogs)
        {
            failures.Require("Container:Catalogs", catalog, Path.IsPathRooted(catalog), "absolute paths");
        }

        try
        {
            SubmitText.Environment(submit.Environment);
            SubmitText.Arguments([.. submit.Wrapper, .. container.Command, .. container.Binds]);
        }
        catch (SubmitTextException exception)
        {
            failures.Require("Environment, Wrapper, Container", "", false, exception.Message);
        }
    }

    private static bool HasBreak(string text) => text.Any(char.IsControl);

    private static bool CanRead(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    private static bool IsOwner(string text)
    {
        try
        {
            return text.Length == 0 || PrivateFiles.ParseOwner(text) is not null;
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            return false;
        }
    }

    private static bool IsRegex(string text)
    {
        try
        {
            return Regex.IsMatch("", text) || text.Length > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._+/-]+\z")]
    private static partial Regex FolderName();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*\z")]
    private static partial Regex FileName();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex AttributeName();

    [GeneratedRegex(@"^\s*queue\b", RegexOptions.IgnoreCase)]
    private static partial Regex QueueLine();

    private sealed class Failures(string path, List<string> all)
    {
        public void Require(string key, string value, bool holds, string allowed)
        {
            if (!holds)
            {
                all.Add($"{path}:{key} = '{SubmitText.Show(value)}': allowed is {allowed}.");
            }
        }

        public void Range<T>(string key, T value, T min, T max)
            where T : IComparable<T>
        {
            Require(key, $"{value}", value.CompareTo(min) >= 0 && value.CompareTo(max) <= 0, $"{min} to {max}");
        }
    }
}
