using System.Buffers;
using System.Security.Cryptography;

namespace Gateway.Core.Clusters;

/// <summary>Names that nobody can guess and that never come twice.</summary>
public static class RandomName
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private static readonly SearchValues<char> Allowed = SearchValues.Create(Alphabet);

    /// <summary>A cluster's name: 16 characters, 80 random bits; with its prefix it fits a DNS label.</summary>
    public static string ForCluster() => RandomNumberGenerator.GetString(Alphabet, 16);

    /// <summary>A worker's name in a cluster: 8 characters, 40 random bits, after the cluster's name.</summary>
    public static string ForWorker(string cluster) => $"{cluster}-{RandomNumberGenerator.GetString(Alphabet, 8)}";

    /// <summary>A gateway's identity: 26 characters, 130 random bits.</summary>
    public static string ForGateway() => RandomNumberGenerator.GetString(Alphabet, 26);

    /// <summary>Whether a text could be a cluster's name at all, so that nothing else is ever looked up.</summary>
    public static bool IsClusterName(ReadOnlySpan<char> text) => text.Length == 16 && !text.ContainsAnyExcept(Allowed);
}
