namespace Gateway.Proxy.Relay;

/// <summary>Takes the connections that are for the web server. Called on a relay's thread: must not block or throw.</summary>
internal interface IWebSink
{
    void Take(WebConnection connection);
}
