namespace Gateway.Server.Auth.Basic;

/// <summary><c>gateway hash-password</c>: reads a password from the first line of input and prints its hash for the file of users.</summary>
internal static class HashPasswordCommand
{
    /// <returns>The exit code: 0, or 1 when no password came.</returns>
    public static async Task<int> RunAsync(TextReader input, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var password = await input.ReadLineAsync(cancellationToken);
        if (string.IsNullOrEmpty(password))
        {
            await error.WriteLineAsync("hash-password reads the password from standard input, and it must not be empty.");
            return 1;
        }

        await output.WriteLineAsync(PasswordHash.Create(password).ToString());
        return 0;
    }
}
