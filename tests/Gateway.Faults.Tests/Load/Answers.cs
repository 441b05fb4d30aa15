using System.Collections.Concurrent;

namespace Gateway.Faults.Tests.Load;

/// <summary>What the API answered, by kind, and what it must never answer.</summary>
internal sealed class Answers
{
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentQueue<string> _wrong = new();

    public IEnumerable<string> Wrong => _wrong;

    public void Count(string kind) => _counts.AddOrUpdate(kind, 1, (_, n) => n + 1);

    public void NotAllowed(string what)
    {
        Count("not allowed");
        _wrong.Enqueue(what);
    }

    public override string ToString() => string.Join(", ", _counts.OrderBy(c => c.Key).Select(c => $"{c.Key}: {c.Value}"));
}
