using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Gateway.Backends.Local.Tests;

/// <summary>Settings are read, and wrong ones named.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Section_WithNothingButItsType_HasDefaults()
    {
        var options = Read([]);

        Assert.Equal(new LocalOptions { Folder = "/default", InheritEnvironment = options.InheritEnvironment }, options);
        Assert.Contains("PATH", options.InheritEnvironment);
    }

    [Fact]
    public void Section_WithEverything_IsTaken()
    {
        var options = Read(new()
        {
            ["Folder"] = "/elsewhere/",
            ["RunAs"] = "Gateway",
            ["MinUid"] = "500",
            ["Home"] = "job",
            ["MaxJobs"] = "7",
            ["Nice"] = "19",
            ["OomScoreAdjust"] = "0",
            ["InheritEnvironment"] = "PATH, LANG",
            ["InterruptWait"] = "00:00:00",
            ["TerminateWait"] = "00:01:00",
            ["MaxLogSize"] = "1.5 MiB",
            ["CheckPeriod"] = "00:00:05",
            ["ListPeriod"] = "00:00:03",
            ["KeepEnded"] = "30.00:00:00",
        });

        Assert.Equal(
            new LocalOptions
            {
                Folder = "/elsewhere",
                RunAs = RunAs.Gateway,
                MinUid = 500,
                Home = HomeFolder.Job,
                MaxJobs = 7,
                Nice = 19,
                OomScoreAdjust = 0,
                InheritEnvironment = options.InheritEnvironment,
                InterruptWait = TimeSpan.Zero,
                TerminateWait = TimeSpan.FromMinutes(1),
                MaxLogSize = 3 << 19,
                CheckPeriod = TimeSpan.FromSeconds(5),
                ListPeriod = TimeSpan.FromSeconds(3),
                KeepEnded = TimeSpan.FromDays(30),
            },
            options);
        Assert.Equal(["PATH", "LANG"], options.InheritEnvironment);
    }

    [Theory]
    [InlineData("Folder", "relative/path")]
    [InlineData("RunAs", "root")]
    [InlineData("RunAs", "1")]
    [InlineData("MinUid", "0")]
    [InlineData("Home", "elsewhere")]
    [InlineData("MaxJobs", "0")]
    [InlineData("MaxJobs", "many")]
    [InlineData("Nice", "-5")]
    [InlineData("Nice", "20")]
    [InlineData("OomScoreAdjust", "1001")]
    [InlineData("InheritEnvironment:0", "A=B")]
    [InlineData("InterruptWait", "-00:00:01")]
    [InlineData("InterruptWait", "10")]
    [InlineData("TerminateWait", "5 seconds")]
    [InlineData("MaxLogSize", "1k")]
    [InlineData("MaxLogSize", "64 parsecs")]
    [InlineData("CheckPeriod", "00:00:00")]
    [InlineData("ListPeriod", "1.00:00:00")]
    [InlineData("KeepEnded", "00:00:01")]
    public void Value_ThatIsWrong_IsNamedWithItsKeyAndWhatIsAllowed(string key, string value)
    {
        var failure = Assert.Single(Assert.Throws<OptionsValidationException>(() => Read(new() { [key] = value })).Failures);

        Assert.Contains("Backends:here:" + key.Split(':')[0], failure, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", failure, StringComparison.Ordinal);
        Assert.Contains("allowed is", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_ThatAreWrong_AreAllReportedAtOnce()
    {
        var wrong = Assert.Throws<OptionsValidationException>(() => Read(new() { ["MaxJobs"] = "x", ["Nice"] = "y", ["RunAs"] = "account" }, user: 1000));

        Assert.Equal(3, wrong.Failures.Count());
        Assert.Contains(wrong.Failures, failure => failure.Contains("only root", StringComparison.Ordinal));
    }

    private static LocalOptions Read(Dictionary<string, string?> settings, uint user = 0)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => $"Backends:here:{setting.Key}", setting => setting.Value))
            .Build();
        return new LocalOptionsReader(configuration.GetSection("Backends:here"), user).Read("/default");
    }
}
