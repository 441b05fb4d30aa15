namespace Gateway.Core.Tests.Reconciliation.Simulation;

/// <summary>One event of a history. What the numbers mean depends on its kind; each is taken modulo what there is to choose from.</summary>
internal readonly record struct Step(StepKind Kind, int A, int B);
