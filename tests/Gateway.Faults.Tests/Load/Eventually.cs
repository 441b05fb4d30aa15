using System.Diagnostics;

namespace Gateway.Faults.Tests.Load;

/// <summary>Waits for what must come true.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < Patience, $"It never happened within {Patience} that {what}.");
            await Task.Delay(100, cancellationToken);
        }
    }
}
