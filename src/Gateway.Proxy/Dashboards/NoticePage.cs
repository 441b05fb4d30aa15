using System.Net;
using Microsoft.AspNetCore.Http;

namespace Gateway.Proxy.Dashboards;

/// <summary>A page for people that says one thing. Needs nothing from elsewhere: no script, no picture, no font.</summary>
public static class NoticePage
{
    /// <summary>Answers a request with a page. Headers that are set already stay.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">Its status, shown small.</param>
    /// <param name="title">What it is about; plain text that holds nothing from outside.</param>
    /// <param name="what">What happened; anything may be in it.</param>
    /// <param name="then">What to do now; anything may be in it.</param>
    /// <param name="link">Where to go on and what to call it; null: no link.</param>
    public static async Task WriteAsync(HttpContext context, int status, string title, string what, string then, (string Href, string Text)? link = null)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.XContentTypeOptions = "nosniff";
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        string onward = link is var (href, text) ? $"\n<p><a href=\"{WebUtility.HtmlEncode(href)}\">{WebUtility.HtmlEncode(text)}</a></p>" : "";
        await response.WriteAsync(
            $$$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>{{{title}}}</title>
            <style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1em;color:#222}h1{font-size:1.4em}p.s{color:#666}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}p.s{color:#999}a{color:#8bf}}</style>
            </head>
            <body>
            <h1>{{{title}}}</h1>
            <p>{{{WebUtility.HtmlEncode(what)}}}</p>
            <p>{{{WebUtility.HtmlEncode(then)}}}</p>{{{onward}}}
            <p class="s">{{{status}}}</p>
            </body>
            </html>

            """,
            context.RequestAborted);
    }
}
