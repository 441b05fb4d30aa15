using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Gateway.Faults.Backend;

/// <summary>Where this process is to die, or to freeze: before or after the n-th call of a method. From <c>FAULTS_CRASH_AT</c>, such as <c>IReconcileStore.SaveAsync:after:3</c>; <c>freeze-before</c> and <c>freeze-after</c> let it freeze there.</summary>
public sealed class CrashPoint(string method, bool after, bool freezes, int count)
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
        text?.Split(':') is [var method, var when, var count] ? new(method, when.EndsWith("after", StringComparison.Ordinal), when.StartsWith("freeze", StringComparison.Ordinal), int.Parse(count, CultureInfo.InvariantCulture)) : null;

    private void Reach(MethodInfo called, bool now)
    {
        if (!now || $"{called.DeclaringType!.Name}.{called.Name}" != method || Interlocked.Decrement(ref _left) != 0)
        {
            return;
        }

        if (freezes)
        {
            // SIGSTOP: every thread stands still until somebody else sends SIGCONT.
            using var stop = Process.Start("/bin/sh", ["-c", $"kill -STOP {Environment.ProcessId}"]);
            stop.WaitForExit();
            return;
        }

        // SIGKILL: no handler, no flush, no goodbye to the database.
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
