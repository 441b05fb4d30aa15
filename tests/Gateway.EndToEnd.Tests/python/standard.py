"""The standard client, unmodified: create, scale, compute, adapt, move data, reconnect, shut down."""
import os
import time

from dask_gateway import BasicAuth, Gateway, GatewayCluster

gateway = Gateway(os.environ["GATEWAY"], auth=BasicAuth("alice"))
assert "version" in gateway.get_versions()["server"]
options = gateway.cluster_options()
assert "worker_cores" in dict(options), dict(options)


def wait(cluster, count, seconds=90):
    end = time.time() + seconds
    while len(cluster.scheduler_info["workers"]) != count:
        assert time.time() < end, f"never {count} workers"
        time.sleep(0.05)


try:
    gateway.submit(worker_cores=99999)
    raise SystemExit("worker_cores=99999 was accepted")
except ValueError as error:
    assert "worker_cores" in str(error) and "16" in str(error), error

cluster = gateway.new_cluster(worker_cores=1, shutdown_on_close=False)
assert isinstance(cluster, GatewayCluster)
assert cluster.name in cluster.dashboard_link
assert [report.name for report in gateway.list_clusters()] == [cluster.name]
client = cluster.get_client()
cluster.scale(2)
wait(cluster, 2)
assert client.submit(lambda x: x + 1, 41).result(timeout=60) == 42
data = client.scatter(b"x" * 20_000_000)
assert client.submit(len, data).result(timeout=60) == 20_000_000
del data
cluster.scale(0)
wait(cluster, 0)
cluster.adapt(minimum=1, maximum=2)
wait(cluster, 1)
futures = client.map(lambda x: time.sleep(0.5), range(30), pure=False)
wait(cluster, 2)
client.gather(futures)
del futures
wait(cluster, 1)
client.close()
again = gateway.connect(cluster.name)
assert again.get_client().submit(lambda: "here").result(timeout=60) == "here"
again.close()
assert gateway.get_cluster(cluster.name).status.name == "RUNNING"
cluster.shutdown()
end = time.time() + 60
while gateway.list_clusters():
    assert time.time() < end
    time.sleep(0.1)
gateway.close()
print("ok")
