namespace Gateway.Server.Auth.Basic;

/// <summary>One line of the file of users.</summary>
/// <param name="Name">User name, upper and lower case told apart.</param>
/// <param name="Hash">Their password; null stands for the shared one.</param>
/// <param name="Groups">Their groups.</param>
/// <param name="IsAdmin">Whether they are an administrator.</param>
/// <param name="Stamp">Changes with the line, so that sessions end with what they rest on.</param>
internal sealed record UserLine(string Name, PasswordHash? Hash, IReadOnlyList<string> Groups, bool IsAdmin, string Stamp);
