namespace Gateway.Proxy.Sni;

/// <summary>What the first bytes of a connection turned out to be.</summary>
internal enum HelloResult
{
    NeedMore,
    NotTls,
    NoName,
    Named,
}
