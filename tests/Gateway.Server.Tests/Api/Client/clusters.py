"""Drives the gateway's API with the standard client and prints what its user would see, a line for each step."""
import asyncio
import sys
import warnings

from dask_gateway import BasicAuth, Gateway

address, pending, running, foreign = sys.argv[1:]


async def attempt(what, awaitable):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = await awaitable
        except Exception as error:
            status = getattr(error, "status", None)
            result = f"{type(error).__name__}: {error}" if status is None else f"{type(error).__name__}: {status} {error.message}"
    shown = [str(item.message) for item in caught if type(item.message).__name__ == "GatewayWarning"]
    print(what, result, *shown, sep=" | ")


async def main():
    async with Gateway(address, auth=BasicAuth("alice"), asynchronous=True) as gateway:
        await attempt("version", server_version(gateway))
        options = await gateway.cluster_options()
        print("options", dict(options), sep=" | ")
        options.worker_cores = 4
        name = await gateway.submit(options)
        print("submitted", len(name), sep=" | ")
        await attempt("wrong option", gateway.submit(worker_cores=99))
        await attempt("unknown option", gateway.submit(nothing=1))
        print("listed", sorted((report.name == name, report.status.name) for report in await gateway.list_clusters()), sep=" | ")
        print("listed running", [report.status.name for report in await gateway.list_clusters(status="running")], sep=" | ")
        report = await gateway.get_cluster(running)
        print("report", report.name == running, report.status.name, report.dashboard_link, list(report.options.items()), report.security is not None, report.stop_time, sep=" | ")
        await attempt("scale", gateway.scale_cluster(running, 3))
        await attempt("scale over", gateway.scale_cluster(running, 30))
        await attempt("scale below", gateway.scale_cluster(running, -1))
        await attempt("adapt", gateway.adapt_cluster(running, minimum=1, maximum=30))
        await attempt("adapt off", gateway.adapt_cluster(running, active=False))
        await attempt("scale pending", gateway.scale_cluster(pending, 1))
        await attempt("get unknown", gateway.get_cluster("aaaaaaaaaaaaaaaa"))
        await attempt("get foreign", gateway.get_cluster(foreign))
        await attempt("stop unknown", gateway.stop_cluster("aaaaaaaaaaaaaaaa"))
        await attempt("stop", gateway.stop_cluster(running))
        await attempt("connect pending", gateway.connect(pending))


async def server_version(gateway):
    return (await gateway._get_versions())["server"]


asyncio.run(main())
