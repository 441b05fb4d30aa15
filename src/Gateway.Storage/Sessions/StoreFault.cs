namespace Gateway.Storage.Sessions;

/// <summary>What a database error means for the operation that met it.</summary>
internal enum StoreFault
{
    /// <summary>Nothing about the database: a defect, or the caller's doing.</summary>
    None,

    /// <summary>The database cannot serve now.</summary>
    Unavailable,

    /// <summary>The connection broke: another one may work.</summary>
    Broken,

    /// <summary>Rolled back in favour of another transaction: trying again is right.</summary>
    Conflict,

    /// <summary>A row of that key exists.</summary>
    Duplicate,
}
