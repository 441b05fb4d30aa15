namespace Gateway.Server.Auth.Basic;

internal static class BasicOptionsValidator
{
    private const string Section = $"{AuthOptions.Section}:Basic";

    public static void Check(BasicOptions options, List<string> failures)
    {
        if (!string.IsNullOrEmpty(options.Password) && !string.IsNullOrEmpty(options.PasswordFile))
        {
            failures.Add($"{Section}:Password and {Section}:PasswordFile are both set; one of them is allowed.");
        }

        if (options.MaxFailures is < 1 or > 1_000_000)
        {
            failures.Add($"{Section}:MaxFailures is {options.MaxFailures}; allowed are 1 to 1000000.");
        }

        AuthOptionsValidator.CheckTime("Basic:FailureWindow", options.FailureWindow, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), failures);
        AuthOptionsValidator.CheckFile("Basic:PasswordFile", options.PasswordFile, failures);
        AuthOptionsValidator.CheckFile("Basic:UsersFile", options.UsersFile, failures);
        if (failures.Count > 0)
        {
            return;
        }

        var shared = SharedPassword.From(options);
        if (!string.IsNullOrEmpty(options.PasswordFile) && shared is null)
        {
            failures.Add($"{Section}:PasswordFile names the file '{options.PasswordFile}', which is empty; it must hold the password.");
        }

        if (!string.IsNullOrEmpty(options.UsersFile))
        {
            var users = UserTable.Parse(File.ReadLines(options.UsersFile), shared is not null);
            failures.AddRange(users.Errors.Select(error => $"{Section}:UsersFile '{options.UsersFile}', {error}"));
        }
    }
}
