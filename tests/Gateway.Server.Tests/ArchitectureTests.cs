using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Gateway.Server.Tests;

/// <summary>Who may know whom: references only point down, siblings never see each other.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Gateway.Core"] = [],
        ["Gateway.Storage"] = ["Gateway.Core"],
        ["Gateway.Proxy"] = ["Gateway.Core"],
        ["Gateway.Migrations.Postgres"] = ["Gateway.Core", "Gateway.Storage"],
        ["Gateway.Migrations.Sqlite"] = ["Gateway.Core", "Gateway.Storage"],
    };

    private static string Root { get; } = FindRoot();

    public static TheoryData<string> Projects { get; } =
    [
        .. new[] { "src", "migrations" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Root, path))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_References_PointDownOnly(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        string[] references = [.. XDocument.Load(Path.Combine(Root, path)).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))];
        if (name == "Gateway.Server")
        {
            Assert.DoesNotContain(references, r => r.EndsWith(".Tests", StringComparison.Ordinal));
            return;
        }

        Assert.All(references, r => Assert.Contains(r, AllowedFor(name)));
    }

    [Theory]
    [InlineData("Gateway.Core", "Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "Npgsql", "Yarp", "k8s", "Microsoft.Data.Sqlite")]
    [InlineData("Gateway.Storage", "Microsoft.AspNetCore", "Yarp", "k8s", "Gateway.Proxy", "Gateway.Backends", "Gateway.Server")]
    [InlineData("Gateway.Proxy", "Microsoft.EntityFrameworkCore", "Npgsql", "k8s", "Microsoft.Data.Sqlite", "Gateway.Storage", "Gateway.Backends", "Gateway.Server")]
    [InlineData("Gateway.Backends.Local", "Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "Npgsql", "Yarp", "Gateway.Storage", "Gateway.Proxy", "Gateway.Backends.HTCondor", "Gateway.Server")]
    [InlineData("Gateway.Backends.HTCondor", "Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "Npgsql", "Yarp", "Gateway.Storage", "Gateway.Proxy", "Gateway.Backends.Local", "Gateway.Server")]
    public void Assembly_Built_UsesNothingItMustNotKnow(string name, params string[] forbidden)
    {
        var used = Assembly.Load(name).GetReferencedAssemblies().Select(a => a.Name!).ToList();

        Assert.NotEmpty(used);
        Assert.All(forbidden, f => Assert.DoesNotContain(used, u => u.StartsWith(f, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_Versions_AreCentral(string path) =>
        Assert.All(XDocument.Load(Path.Combine(Root, path)).Descendants("PackageReference"), p => Assert.Null(p.Attribute("Version")));

    [Fact]
    public void Projects_AreAllInTheSolution()
    {
        string solution = File.ReadAllText(Path.Combine(Root, "Gateway.sln"));
        var missing = new[] { "src", "migrations", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories))
            .Select(Path.GetFileName)
            .Where(file => !solution.Contains(file!, StringComparison.Ordinal));

        Assert.Empty(missing);
    }

    private static string[] AllowedFor(string name) =>
        name.StartsWith("Gateway.Backends.", StringComparison.Ordinal) ? ["Gateway.Core"] : Allowed.GetValueOrDefault(name) ?? [];

    private static string FindRoot([CallerFilePath] string file = "")
    {
        var folder = new DirectoryInfo(File.Exists(file) ? Path.GetDirectoryName(file)! : AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gateway.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests are not run from within the repository.");
        }

        return folder.FullName;
    }
}
