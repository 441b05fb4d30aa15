using System.Reflection;
using System.Runtime.ExceptionServices;
using Gateway.Core.Backends;
using Gateway.Core.Store;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>Stands between a replica and the outside, and lets the replica die or freeze at any call.</summary>
public class FaultProxy : DispatchProxy
{
    private object _target = null!;
    private Faults _faults = null!;

    internal static T Wrap<T>(T target, Faults faults)
        where T : class
    {
        var proxy = Create<T, FaultProxy>();
        ((FaultProxy)(object)proxy)._target = target;
        ((FaultProxy)(object)proxy)._faults = faults;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.IsSpecialName || !typeof(Task).IsAssignableFrom(targetMethod.ReturnType))
        {
            return Call(targetMethod, args);
        }

        switch (_faults.Next(targetMethod.Name, _target is IJobBackend))
        {
            case FaultKind.DieBefore:
                throw new ReplicaDiedException();
            case FaultKind.DieAfter:
                Call(targetMethod, args);
                throw new ReplicaDiedException();
            case FaultKind.Freeze:
                _faults.Frozen.Enqueue((targetMethod.Name, () => Call(targetMethod, args)));
                throw new ReplicaDiedException();
            case FaultKind.StoreAwayBefore:
                throw Away();
            case FaultKind.StoreAwayAfter:
                Call(targetMethod, args);
                throw Away();
            default:
                return Call(targetMethod, args);
        }
    }

    private static StoreUnavailableException Away() => new("The store does not answer.");

    private object? Call(MethodInfo method, object?[]? args)
    {
        try
        {
            return method.Invoke(_target, args);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Capture(e.InnerException!).Throw();
            throw;
        }
    }
}
