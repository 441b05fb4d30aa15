using System.Reflection;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>Lets something happen while one method of a store is under way: it has taken effect, and its caller has not heard of it yet.</summary>
public class Interruption : DispatchProxy
{
    private object _target = null!;
    private string _method = "";
    private Action _happens = null!;

    internal static T During<T>(T target, string method, Action happens)
        where T : class
    {
        var proxy = Create<T, Interruption>();
        ((Interruption)(object)proxy)._target = target;
        ((Interruption)(object)proxy)._method = method;
        ((Interruption)(object)proxy)._happens = happens;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        object? result = targetMethod!.Invoke(_target, BindingFlags.DoNotWrapExceptions, null, args, null);
        if (targetMethod.Name == _method)
        {
            _happens();

            // As a store does: who cancels does not hear what became of the call.
            args?.OfType<CancellationToken>().FirstOrDefault().ThrowIfCancellationRequested();
        }

        return result;
    }
}
