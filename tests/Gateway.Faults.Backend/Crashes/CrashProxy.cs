using System.Reflection;

namespace Gateway.Faults.Backend;

/// <summary>Stands before a contract of the gateway and dies at a crash point; else it only passes calls on.</summary>
/// <typeparam name="T">The contract.</typeparam>
public class CrashProxy<T> : DispatchProxy
    where T : class
{
    private T _inner = null!;
    private CrashPoint _point = null!;

    internal void Surround(T inner, CrashPoint point) => (_inner, _point) = (inner, point);

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        _point.Before(targetMethod!);
        object? result = targetMethod!.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
        if (result is not Task task)
        {
            return result;
        }

        // Before any continuation of the caller's can run: nothing of what follows has begun.
        return targetMethod.ReturnType == typeof(Task)
            ? ThenAsync(task, targetMethod)
            : typeof(CrashProxy<T>).GetMethod(nameof(ThenResultAsync), BindingFlags.NonPublic | BindingFlags.Instance)!
                .MakeGenericMethod(targetMethod.ReturnType.GetGenericArguments()).Invoke(this, [task, targetMethod]);
    }

    private async Task ThenAsync(Task task, MethodInfo called)
    {
        await task;
        _point.After(called);
    }

    private async Task<TResult> ThenResultAsync<TResult>(Task<TResult> task, MethodInfo called)
    {
        var result = await task;
        _point.After(called);
        return result;
    }
}
