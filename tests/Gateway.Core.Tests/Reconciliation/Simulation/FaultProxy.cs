using System.Reflection;
using System.Runtime.ExceptionServices;

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
        if (targetMethod!.IsSpecialName || targetMethod.ReturnType == typeof(IAsyncEnumerable<>))
        {
            return Call(targetMethod, args);
        }

        switch (_faults.Next(targetMethod.Name))
        {
            case FaultKind.DieBefore:
                throw new ReplicaDiedException();
            case FaultKind.DieAfter:
                Call(targetMethod, args);
                throw new ReplicaDiedException();
            case FaultKind.Freeze:
                _faults.Frozen.Enqueue((targetMethod.Name, () => Call(targetMethod, args)));
                throw new ReplicaDiedException();
            default:
                return Call(targetMethod, args);
        }
    }

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
