"""A JupyterHub that needs no Node and starts no notebook: tests want its REST API only."""

import os

from jupyterhub.proxy import Proxy


class NoProxy(Proxy):
    """Nothing goes through a proxy: tests speak to the Hub's own port."""

    should_start = False

    async def add_route(self, routespec, target, data):
        self.log.debug("no route for %s", routespec)

    async def delete_route(self, routespec):
        self.log.debug("no route to delete for %s", routespec)

    async def get_all_routes(self):
        return {}

    async def check_routes(self, user_dict, service_dict, routes=None):
        return None


c = get_config()  # noqa: F821
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = int(os.environ["TEST_HUB_PORT"])
# Where the proxy would listen; nothing does.
c.JupyterHub.bind_url = "http://127.0.0.1:%s/" % os.environ["TEST_HUB_PROXY_PORT"]
c.JupyterHub.db_url = "sqlite:///jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.Authenticator.allowed_users = {"alice", "bob", "odd:name"}
c.Authenticator.admin_users = {"carol"}
c.JupyterHub.load_groups = {"physics": ["alice"]}
c.JupyterHub.services = [
    # The gateway as a service that the Hub does not start.
    {"name": "dask-gateway", "api_token": os.environ["TEST_HUB_SERVICE_TOKEN"]},
    # Makes the users' tokens through the Hub's API.
    {"name": "token-maker", "api_token": os.environ["TEST_HUB_MAKER_TOKEN"]},
]
c.JupyterHub.load_roles = [
    {"name": "token-maker", "services": ["token-maker"], "scopes": ["admin:users", "tokens"]},
    {"name": "user", "scopes": ["self", "access:services!service=dask-gateway"]},
    {"name": "server", "scopes": ["users:activity!user", "access:servers!user", "access:services!service=dask-gateway"]},
]
