using System.Net;
using Gateway.Backends.HTCondor.Jobs;
using Gateway.Backends.HTCondor.Options;
using Gateway.Backends.HTCondor.Schedds;
using Gateway.Backends.HTCondor.Submission;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Backends.HTCondor.Tests.Jobs;

public sealed class ConstraintTests
{
    [Theory]
    [InlineData("local#12.3#alice#c1", true)]
    [InlineData("bigbird01@example.org#12.3#alice#c1", true)]
    [InlineData("local#12#alice#c1", false)]
    [InlineData("local#12.x#alice#c1", false)]
    [InlineData("local#-1.0#alice#c1", false)]
    [InlineData("12.3", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Handle_WrittenAndRead_IsTheSame(string? text, bool valid)
    {
        Assert.Equal(valid ? text : null, CondorHandle.Parse(text)?.ToString());
    }

    [Theory]
    [InlineData("1365.0 - 1365.2\n", 3)]
    [InlineData("\n1.0 - 1.0\n2.0 - 2.4\n", 6)]
    [InlineData("", 0)]
    [InlineData("5.3 - 4.0", 0)]
    [InlineData("5.0 - 5.9999999", 0)]
    [InlineData("5.0 - 5.99999999999999", 0)]
    public void Submitter_TersePrint_GivesNumbers(string text, int count)
    {
        Assert.Equal(count, Submitter.Read(text).Count);
    }

    [Fact]
    public void Addresses_OfASinful_AreAllFound()
    {
        var found = AddressCheck.Addresses("<10.0.0.7:9618?addrs=10.0.0.7-9618+[fd00--7]-9618&alias=n7.example.org&noUDP&sock=startd_1_2>").ToList();

        Assert.Contains(IPAddress.Parse("10.0.0.7"), found);
        Assert.Empty(AddressCheck.Addresses("nonsense"));
    }

    [Fact]
    public void Schedd_SubmissionsPerMinute_ComeBackWithTime()
    {
        var time = new FakeTimeProvider();
        var schedd = new Schedd(new ScheddOptions());
        Assert.Null(schedd.TakeSubmission(2, time));
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Null(schedd.TakeSubmission(2, time));

        Assert.Equal(TimeSpan.FromSeconds(40), schedd.TakeSubmission(2, time));

        time.Advance(TimeSpan.FromSeconds(40));
        Assert.Null(schedd.TakeSubmission(2, time));
        Assert.NotNull(schedd.TakeSubmission(2, time));
    }
}
