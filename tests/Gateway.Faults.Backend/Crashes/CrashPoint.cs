using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Gateway.Faults.Backend;

/// <summary>Where this process is to die: before or after the n-th call of a method. From <c>FAULTS_CRASH_AT</c>, such as <c>SaveAsync:after:3</c>.</summary>
public sealed class CrashPoint(string method, bool after, int count)
{
    private int _left = count;

    /// <summary>The point of this process; null: it is to live.</summary>
    public static CrashPoint? Configured { get; } = Read(Environment.GetEnvironmentVariable("FAULTS_CRASH_AT"));

    /// <summary>A decorator that dies here.</summary>
    public T Around<T>(T inner)
        where T : class
    {
        var proxy = DispatchProxy.Create<T, CrashProxy<T>>();
        ((CrashProxy<T>)(object)proxy).Surround(inner, this);
        return proxy;
    }

    /// <summary>Notes a call that begins; may not return.</summary>
    public void Before(MethodInfo called) => Reach(called, now: !after);

    /// <summary>Notes a call that has succeeded; may not return.</summary>
    public void After(MethodInfo called) => Reach(called, now: after);

    private static CrashPoint? Read(string? text) =>
        text?.Split(':') is [var method, var when, var count] ? new(method, when == "after", int.Parse(count, CultureInfo.InvariantCulture)) : null;

    private void Reach(MethodInfo called, bool now)
    {
        if (now && called.Name == method && Interlocked.Decrement(ref _left) == 0)
        {
            // SIGKILL: no handler, no flush, no goodbye to the database.
            using var self = Process.GetCurrentProcess();
            self.Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
