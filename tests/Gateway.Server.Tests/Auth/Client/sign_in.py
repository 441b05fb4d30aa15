"""Signs in twice with the standard client and says what came of it: sign_in.py URL basic|jupyterhub USER-OR-TOKEN [PASSWORD]."""

import asyncio
import sys

from dask_gateway import Gateway
from dask_gateway.auth import BasicAuth, JupyterHubAuth


async def main(url, mode, *credentials):
    auth = BasicAuth(*credentials) if mode == "basic" else JupyterHubAuth(*credentials)
    async with Gateway(address=url, auth=auth, asynchronous=True) as gateway:
        # The second call goes by the cookie alone.
        for _ in range(2):
            try:
                print("clusters", await gateway.list_clusters())
            except Exception as error:
                print(type(error).__name__, error)


asyncio.run(main(*sys.argv[1:]))
