namespace Gateway.Core.Store;

/// <summary>Something that has changed, told to those who wait. A hint: whoever hears it reads the store.</summary>
/// <param name="Kind">What has changed.</param>
/// <param name="Key">The cluster or the backend instance; empty: any of them.</param>
public readonly record struct Change(ChangeKind Kind, string Key);
