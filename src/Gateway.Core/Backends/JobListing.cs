namespace Gateway.Core.Backends;

/// <summary>One look at every job of this gateway.</summary>
/// <param name="Jobs">The jobs of all scopes that answered, ended ones too where the backend still knows them.</param>
/// <param name="UnreachableScopes">Scopes that did not answer: absence proves nothing for jobs there. The empty scope means all.</param>
public sealed record JobListing(IReadOnlyList<JobReport> Jobs, IReadOnlySet<string> UnreachableScopes)
{
    /// <summary>Whether a job of this scope that is not listed is gone.</summary>
    public bool Reached(string scope) => !UnreachableScopes.Contains("") && !UnreachableScopes.Contains(scope);
}
