using System.Text;
using CsCheck;

namespace Gateway.Backends.HTCondor.Tests.Fuzz;

/// <summary>What real HTCondors have printed (<c>tests/pool/corpus.sh</c>), and generators of what they might print on a bad day.</summary>
internal static class Corpus
{
    /// <summary>The versions there are outputs of.</summary>
    public static IReadOnlyList<string> Versions { get; } = [.. Directory.EnumerateDirectories(Root).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    /// <summary>Bytes without any meaning.</summary>
    public static Gen<byte[]> Noise { get; } = Gen.Byte.Array[0, 400];

    private static string Root => Path.Combine(AppContext.BaseDirectory, "Corpus");

    public static byte[] Bytes(string version, string file) => File.ReadAllBytes(Path.Combine(Root, version, file));

    public static string Text(string version, string file) => File.ReadAllText(Path.Combine(Root, version, file));

    /// <summary>A real output with pieces changed, removed, doubled, moved or put in, and perhaps cut.</summary>
    public static Gen<byte[]> Damaged(byte[] real)
    {
        var place = Gen.Int[0, real.Length];
        return Gen.Select(
            Gen.Select(Gen.Int[0, 4], place, Gen.Int[1, 200], place, Noise).Array[1, 8], Gen.Int[0, 2], place, (changes, cut, end) => Apply(real, changes, cut == 0 ? end : int.MaxValue));
    }

    private static byte[] Apply(byte[] real, (int Kind, int At, int Length, int To, byte[] Noise)[] changes, int end)
    {
        var bytes = real.ToList();
        foreach (var (kind, from, wanted, to, noise) in changes)
        {
            var at = Math.Min(from, bytes.Count);
            var length = Math.Min(wanted, bytes.Count - at);
            var piece = bytes.GetRange(at, length);
            switch (kind)
            {
                case 0:
                    for (var i = 0; i < Math.Min(length, noise.Length); i++)
                    {
                        bytes[at + i] = noise[i];
                    }

                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(Math.Min(to, bytes.Count), piece);
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    bytes.InsertRange(Math.Min(to, bytes.Count), piece);
                    break;
                default:
                    bytes.InsertRange(at, noise);
                    break;
            }
        }

        return [.. bytes.Take(end)];
    }

    /// <summary>Text from bytes, whatever they are.</summary>
    public static string Decode(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
