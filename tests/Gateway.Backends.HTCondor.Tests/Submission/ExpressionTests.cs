using CsCheck;
using Gateway.Backends.HTCondor.Submission;

namespace Gateway.Backends.HTCondor.Tests.Submission;

public sealed class ExpressionTests
{
    [Theory]
    [InlineData("TARGET.HasGpu && Memory > 2000")]
    [InlineData("regexp(\"^node[0-9]+\", Machine)")]
    [InlineData("Machine == \"a.example\" || (OpSysMajorVer >= 9 && Arch =!= \"aarch64\")")]
    [InlineData("(KFlops ?: 0) * 2 - -1 > 10 ? True : False")]
    [InlineData("member(Site, {\"a\", \"b\"})")]
    [InlineData("Site is undefined")]
    [InlineData("Name == \"with \\\"quotes\\\" and ) parenthesis\"")]
    public void Check_WholeExpression_IsTaken(string text)
    {
        Expression.Check(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("True) || (True")]
    [InlineData("True\nqueue 1000")]
    [InlineData("True\r\n+Owner = \"root\"")]
    [InlineData("True /* ")]
    [InlineData("True // rest")]
    [InlineData("$(HOME) == 1")]
    [InlineData("\"$$(Memory)\" == \"1\"")]
    [InlineData("$ENV(SECRET) == 1")]
    [InlineData("\"open")]
    [InlineData("a = b")]
    [InlineData("a; b")]
    [InlineData("[a = 1].a")]
    [InlineData("eval(\"1\")")]
    [InlineData("userHome(\"root\") == \"x\"")]
    [InlineData("a b")]
    [InlineData("&& a")]
    [InlineData("a &&")]
    [InlineData("f(a")]
    [InlineData("`x`")]
    [InlineData("a\\\nb")]
    [InlineData("é == 1")]
    public void Check_AnythingElse_IsRefused(string text)
    {
        Assert.Throws<SubmitTextException>(() => Expression.Check(text));
    }

    [Fact]
    public void Check_DeepNesting_IsRefusedWithoutHarm()
    {
        Assert.Throws<SubmitTextException>(() => Expression.Check(new string('(', 900) + "1" + new string(')', 900)));
        Assert.Throws<SubmitTextException>(() => Expression.Check(new string('1', 5000)));
    }

    [Fact]
    public void Check_AnyText_IsRefusedOrBalancedOnOneLine()
    {
        string[] pieces = ["(", ")", "\"", "\\", "a", "1", " ", "&&", "==", "?", ":", ",", "{", "}", "$", "/", "*", "\n", "=", ";", "[", "member", "-", "!"];
        Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]).Array[0, 20].Sample(
            parts =>
            {
                var text = string.Concat(parts);
                try
                {
                    Expression.Check(text);
                }
                catch (SubmitTextException)
                {
                    return;
                }

                Assert.DoesNotContain('\n', text);
                Assert.DoesNotContain('$', text);
                var outside = System.Text.RegularExpressions.Regex.Replace(text, "\"(?:[^\"\\\\]|\\\\.)*\"", "s");
                Assert.DoesNotContain("/*", outside, StringComparison.Ordinal);
                var depth = 0;
                foreach (var c in outside)
                {
                    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
                    Assert.True(depth >= 0);
                }

                Assert.Equal(0, depth);
            },
            iter: 50_000);
    }
}
