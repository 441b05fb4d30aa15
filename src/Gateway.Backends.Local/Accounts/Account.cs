namespace Gateway.Backends.Local.Accounts;

/// <summary>A Unix account.</summary>
/// <param name="Name">Its login name.</param>
/// <param name="User">Its user id.</param>
/// <param name="Group">Its primary group's id.</param>
/// <param name="Home">Its home folder.</param>
internal sealed record Account(string Name, uint User, uint Group, string Home);
