using System.Globalization;
using System.Text;
using CsCheck;
using Gateway.Core.Clusters;

namespace Gateway.Core.Tests.Reconciliation.Simulation;

public sealed class SimulationTests
{
    /// <summary>Sequences per run; more with the environment variable <c>CsCheck_Iter</c>.</summary>
    private const long Sequences = 3000;

    private static readonly Gen<Step> AnyStep = Gen.Select(
        Gen.Frequency(
            (6, Gen.Const(StepKind.Proceed)),
            (3, Gen.Enum<StepKind>()),
            (2, OneOf(StepKind.Create, StepKind.Scale, StepKind.Scale, StepKind.ReplicaFails)),
            (1, OneOf(StepKind.AllRounds, StepKind.Reconcile, StepKind.Execute, StepKind.Monitor))),
        Gen.Int[0, 99],
        Gen.Int[0, 99],
        (kind, a, b) => new Step(kind, a, b));

    private static readonly Gen<(int Variant, Step[] Steps)> History =
        Gen.Select(Gen.Int[0, 7], AnyStep.Array[5, 60], (variant, steps) => (variant, (Step[])[new Step(StepKind.Create, steps[0].A, steps[0].B), .. steps]));

    [Fact]
    public void Gateway_AnyHistory_KeepsItsPromises()
    {
        var reached = new int[Enum.GetValues<ClusterPhase>().Length];
        History.Sample(
            history => Violations(history.Variant, history.Steps, log: null, world =>
            {
                foreach (var cluster in world.Store.Clusters)
                {
                    Interlocked.Increment(ref reached[(int)cluster.Phase]);
                }
            }).Count == 0,
            iter: Check.Iter == 100 ? Sequences : Check.Iter,
            print: Print);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", Enum.GetValues<ClusterPhase>().Select(p => $"{p} {reached[(int)p]}")));
        Assert.True(reached[(int)ClusterPhase.Running] > 0 && reached[(int)ClusterPhase.Stopped] > 0 && reached[(int)ClusterPhase.Failed] > 0, "The histories are all alike.");
    }

    private static Gen<StepKind> OneOf(params StepKind[] kinds) => Gen.Int[0, kinds.Length - 1].Select(i => kinds[i]);

    /// <summary>The shortest part of a history that still goes wrong, told step by step.</summary>
    private static string Print((int Variant, Step[] Steps) history)
    {
        var steps = history.Steps.ToList();
        for (int i = steps.Count - 1; i >= 0; i--)
        {
            List<Step> fewer = [.. steps[..i], .. steps[(i + 1)..]];
            if (Violations(history.Variant, fewer, log: null).Count > 0)
            {
                steps = fewer;
            }
        }

        var log = new StringBuilder();
        var violations = Violations(history.Variant, steps, log);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"\n{string.Join('\n', violations)}\n\n{log}\nvariant {history.Variant}:\n{string.Join('\n', steps.Select(s => $"{s.Kind} {s.A} {s.B}"))}");
    }

    private static IReadOnlyList<string> Violations(int variant, IEnumerable<Step> steps, StringBuilder? log, Action<World>? atRest = null)
    {
        using var world = new World(variant, log);
        world.Run(steps);
        if (world.Violations.Count == 0)
        {
            world.Settle();
            atRest?.Invoke(world);
        }

        if (world.Violations.Count == 0)
        {
            world.StopAll();
        }

        return world.Violations;
    }
}
