using Gateway.Core.Backends;
using Gateway.Core.Clusters;

namespace Gateway.Backends.HTCondor.Tests.Pool;

public sealed class ContainerTests(PoolFixture pool) : PoolTest(pool)
{
    [Fact]
    public async Task Universe_ImageThatAUserNames_IsHTCondorsOwnContainer()
    {
        var backend = Create(("Submit:Container:Mode", "Universe"), ("Submit:Container:Allowed:0", "docker://registry.example.org/*"));

        await StartAsync(backend, WithImage("docker://registry.example.org/dask/base:2026.1"));

        // No machine of this pool has a container runtime: it must wait for one, not run without.
        Assert.Equal("1 \"docker://registry.example.org/dask/base:2026.1\" true", await QueueAsync("true", "JobStatus", "ContainerImage", "WantContainer"));
        Assert.Contains("TARGET.HasContainer", await QueueAsync("true", "Requirements"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attribute_ImageAndBinds_StandInTheJobsAd()
    {
        var backend = Create(
            ("Submit:Container:Mode", "Attribute"), ("Submit:Container:Image", "/cvmfs/unpacked.cern.ch/default:latest"), ("Submit:Container:Binds:0", "/cvmfs"), ("Submit:Container:Binds:1", "/data:/data:ro"));
        var job = Job(Stay);

        await StartAsync(backend, job);
        await UntilStartedAsync(job);

        Assert.Equal("\"/cvmfs/unpacked.cern.ch/default:latest\" \"/cvmfs,/data:/data:ro\"", await QueueAsync("true", "SingularityImage", "SingularityBindMounts"));
    }

    [Fact]
    public async Task Apptainer_Wrapper_GetsBindsImageAndTheWholeCommand()
    {
        // Stands for Apptainer: says what it was given and then does what comes after the image.
        var program = Path.Combine(PoolFixture.Root, "srv", $"apptainer-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(program, "#!/bin/sh\necho \"$@\" | cut -d' ' -f1-7 >> \"$W/$N\"\nwhile [ \"$1\" != /images/dask ]; do shift; done; shift; exec \"$@\"\n", Cancellation);
        await Fixture.ExecAsync("root", "chmod", "755", PoolBackend.Inside(program));
        try
        {
            var backend = Create(
                ("Submit:Container:Mode", "Apptainer"), ("Submit:Container:Command:0", PoolBackend.Inside(program)), ("Submit:Container:Command:1", "exec"), ("Submit:Container:Command:2", "--cleanenv"),
                ("Submit:Container:Binds:0", "/srv"), ("Submit:Container:Allowed:0", "/images/*"), ("Submit:Wrapper:0", "env"), ("Submit:Wrapper:1", "SITE=here"));
            var job = WithImage("/images/dask") with { Command = ["/bin/sh", "-c", "echo \"$SITE $1\" >> \"$W/$N\"", "sh", "an argument"] };

            var handle = await StartAsync(backend, job);
            await UntilAsync(backend, handle, report => report.State == JobState.Ended, "the job to end");

            Assert.Equal(["exec --cleanenv --bind /srv /images/dask /bin/sh -c", "here an argument"], Lines(job.Name));
        }
        finally
        {
            File.Delete(program);
        }
    }

    private JobStart WithImage(string image) => Job(Stay, spec: new ClusterSpec { SchedulerBackend = "farm", Account = "alice", Image = image });
}
