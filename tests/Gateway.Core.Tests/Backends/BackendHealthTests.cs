using Gateway.Core.Backends;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Core.Tests.Backends;

public sealed class BackendHealthTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly BackendHealth _health;

    public BackendHealthTests() => _health = new BackendHealth(_time);

    [Fact]
    public void New_MayBeCalled() => Assert.Equal((0, TimeSpan.Zero, null), (_health.Failures, _health.Pause, _health.LastError));

    [Fact]
    public void Failed_Once_PausesForAboutASecond()
    {
        var pause = _health.Failed("It is away.");

        Assert.InRange(pause.TotalSeconds, 0.75, 1.25);
        Assert.InRange((pause - _health.Pause).TotalSeconds, -0.001, 0.001);
        Assert.Equal("It is away.", _health.LastError);
        _time.Advance(pause);
        Assert.Equal(TimeSpan.Zero, _health.Pause);
    }

    [Fact]
    public void Failed_AgainAndAgain_PausesLongerUpToABound()
    {
        var pauses = Enumerable.Range(0, 40).Select(_ =>
        {
            var pause = _health.Failed("It is away.");
            _time.Advance(pause);
            return pause.TotalSeconds;
        }).ToList();

        Assert.Equal(40, _health.Failures);
        Assert.All(pauses.Take(6).Zip(pauses.Skip(1)), p => Assert.True(p.Second > p.First));
        Assert.All(pauses.Skip(8), p => Assert.InRange(p, 90, 150));
    }

    [Fact]
    public void Failed_CallsUnderWayTogether_CountOnce()
    {
        var first = _health.Failed("It is away.");
        _health.Failed("It is away.");
        _health.Failed("It is still away.");

        Assert.Equal(1, _health.Failures);
        Assert.InRange((first - _health.Pause).TotalSeconds, -0.001, 0.001);
        Assert.Equal("It is still away.", _health.LastError);
    }

    [Fact]
    public void Answered_EndsThePauseAtOnce()
    {
        _health.Failed("It is away.");
        _health.Answered();

        Assert.Equal((0, TimeSpan.Zero, null), (_health.Failures, _health.Pause, _health.LastError));
    }
}
