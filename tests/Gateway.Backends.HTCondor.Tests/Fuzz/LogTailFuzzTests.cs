using CsCheck;
using Gateway.Backends.HTCondor.Events;
using Gateway.Backends.HTCondor.Jobs;

namespace Gateway.Backends.HTCondor.Tests.Fuzz;

/// <summary>A log that is written, torn, cut, rotated, deleted and replaced in any order: what is whole afterwards is read, once.</summary>
public sealed class LogTailFuzzTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("log-tail-").FullName;

    public static TheoryData<string> Versions => [.. Corpus.Versions];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Versions))]
    public void Tail_AnythingHappensToTheFile_GoesOnWithTheNextEvent(string version)
    {
        var path = Path.Combine(_folder, "log");
        foreach (var file in (string[])["event-log.json", "user.log"])
        {
            var real = Corpus.Bytes(version, file);
            var piece = Gen.Select(Gen.Int[0, real.Length - 1], Gen.Int[1, 3000], (at, length) => real.AsSpan(at, Math.Min(length, real.Length - at)).ToArray());
            Gen.Select(Gen.Int[0, 7], Gen.OneOf(piece, Corpus.Noise)).Array[1, 15].Sample(
                steps =>
                {
                    File.Delete(path);
                    using var tail = new LogTail(path, fromStart: true);
                    foreach (var (kind, bytes) in steps)
                    {
                        Do(kind, path, bytes);
                        Assert.NotNull(tail.Read());
                    }

                    // Two ends, so that whatever was torn is over.
                    File.AppendAllText(path, file == "user.log" ? "\n...\n" : "\n}\n");
                    tail.Read();
                    File.AppendAllText(path, Whole(file, 7) + Whole(file, 8));
                    Assert.Equal([new JobId(4_000_007, 3), new JobId(4_000_008, 3)], tail.Read().Select(happened => happened.Job).Where(job => job.Cluster > 4_000_000));
                    Assert.Empty(tail.Read());
                },
                iter: 150,
                threads: 1);
        }
    }

    private void Do(int kind, string path, byte[] bytes)
    {
        switch (kind)
        {
            case 0 or 1 or 2:
                using (var file = new FileStream(path, FileMode.Append))
                {
                    file.Write(bytes);
                }

                break;
            case 3 when File.Exists(path):
                using (var file = new FileStream(path, FileMode.Open))
                {
                    file.SetLength(file.Length / 2);
                }

                break;
            case 4:
                File.WriteAllBytes(path, []);
                break;
            case 5 when File.Exists(path):
                File.Move(path, path + ".old", overwrite: true);
                File.WriteAllBytes(path, bytes);
                break;
            case 6:
                File.Delete(path);
                break;
            default:
                File.WriteAllBytes(Path.Combine(_folder, "new"), bytes);
                File.Move(Path.Combine(_folder, "new"), path, overwrite: true);
                break;
        }
    }

    private static string Whole(string file, int number) => file == "user.log"
        ? $"001 (400000{number}.003.000) 2026-11-22 16:34:38 Job executing on host: <127.0.0.1:1>\n\tSlotName: slot1_1@vm\n...\n"
        : $"{{\n  \"EventTypeNumber\": 1,\n  \"Cluster\": 400000{number},\n  \"Proc\": 3\n}}\n";
}
