using CsCheck;
using Gateway.Backends.HTCondor.Submission;

namespace Gateway.Backends.HTCondor.Tests.Submission;

public sealed class SubmitTextTests
{
    [Theory]
    [InlineData("plain-1.0", "plain-1.0")]
    [InlineData("two words", "'two words'")]
    [InlineData("it's", "'it''s'")]
    [InlineData("say \"hi\"", "'say \"\"hi\"\"'")]
    [InlineData("", "''")]
    [InlineData("$HOME and $$ and ${x}", "'$HOME and $$ and ${x}'")]
    [InlineData("$(HOME)", "'$(DOLLAR)(HOME)'")]
    [InlineData("$ENV(HOME)", "'$(DOLLAR)ENV(HOME)'")]
    [InlineData("a,b", "'a,b'")]
    [InlineData("back\\", "'back\\'")]
    public void Arguments_OneWord_IsQuotedAsHTCondorReadsIt(string argument, string expected)
    {
        Assert.Equal(expected, SubmitText.Arguments([argument]));
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("carriage\rreturn")]
    [InlineData("nul\0")]
    [InlineData("$$(Memory)")]
    [InlineData("$$([1+1])")]
    [InlineData("$$ENV(HOME)")]
    [InlineData("$(dollar)")]
    public void Arguments_WhatCannotBePassedOn_IsRefused(string argument)
    {
        Assert.Throws<SubmitTextException>(() => SubmitText.Arguments([argument]));
        Assert.Throws<SubmitTextException>(() => SubmitText.Environment([new("NAME", argument)]));
        Assert.Throws<SubmitTextException>(() => SubmitText.ClassAdString(argument, "it"));
    }

    [Theory]
    [InlineData("A B")]
    [InlineData("A=B")]
    [InlineData("1A")]
    [InlineData("A\nqueue")]
    [InlineData("")]
    public void Environment_ImpossibleName_IsRefused(string name)
    {
        Assert.Throws<SubmitTextException>(() => SubmitText.Environment([new(name, "value")]));
    }

    [Theory]
    [InlineData("w-1\n")]
    [InlineData("-w")]
    [InlineData("w 1")]
    [InlineData("w\"1")]
    [InlineData("../w")]
    public void Name_ImpossibleName_IsRefused(string name)
    {
        Assert.Throws<SubmitTextException>(() => SubmitText.Name(name, "the job"));
    }

    [Fact]
    public void Arguments_AnyText_StaysOnItsLineAndReadsBack()
    {
        Gen.String.Array[0, 5].Sample(
            words =>
            {
                string written;
                try
                {
                    written = SubmitText.Arguments(words);
                }
                catch (SubmitTextException)
                {
                    return;
                }

                Assert.DoesNotContain('\n', written);
                Assert.Equal(words, Read(written));
            },
            iter: 20_000);
    }

    // HTCondor's rules for arguments, written down a second time: macros first, then doubled double quotes, then single quotes.
    private static string[] Read(string written)
    {
        var text = written.Replace("$(DOLLAR)", "$", StringComparison.Ordinal).Replace("\"\"", "\"", StringComparison.Ordinal);
        var words = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            if (text[i] == ' ')
            {
                i++;
                continue;
            }

            var word = new System.Text.StringBuilder();
            var quoted = false;
            for (; i < text.Length && (quoted || text[i] != ' '); i++)
            {
                if (text[i] != '\'')
                {
                    word.Append(text[i]);
                }
                else if (quoted && i + 1 < text.Length && text[i + 1] == '\'')
                {
                    word.Append('\'');
                    i++;
                }
                else
                {
                    quoted = !quoted;
                }
            }

            words.Add(word.ToString());
        }

        return [.. words];
    }
}
