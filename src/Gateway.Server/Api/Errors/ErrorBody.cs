namespace Gateway.Server.Api.Errors;

/// <summary>The body of every error.</summary>
/// <param name="Error">One sentence that the reader can act on.</param>
internal sealed record ErrorBody(string Error);
