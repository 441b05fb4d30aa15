using System.Text.Json.Serialization;

namespace Gateway.Server.Auth.Session;

[JsonSerializable(typeof(SessionTicket))]
internal sealed partial class SessionJson : JsonSerializerContext;
