"""A JupyterHub that starts no notebook: tests want its REST API and its sign-in page, with its own proxy in front only where they ask for it."""

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
if "TEST_HUB_PROXY_API_PORT" in os.environ:
    c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:%s" % os.environ["TEST_HUB_PROXY_API_PORT"]
else:
    c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = int(os.environ["TEST_HUB_PORT"])
# Where the proxy listens, if there is one.
c.JupyterHub.bind_url = "http://127.0.0.1:%s/" % os.environ["TEST_HUB_PROXY_PORT"]
c.JupyterHub.db_url = "sqlite:///jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.Authenticator.allowed_users = {"alice", "bob", "odd:name"}
c.Authenticator.admin_users = {"carol"}
c.JupyterHub.load_groups = {"physics": ["alice"]}
# The gateway as a service that the Hub does not start: behind its proxy, or at an address of its own.
gateway = {"name": "dask-gateway", "api_token": os.environ["TEST_HUB_SERVICE_TOKEN"], "oauth_no_confirm": True}
if "TEST_HUB_SERVICE_URL" in os.environ:
    gateway["url"] = os.environ["TEST_HUB_SERVICE_URL"]
if "TEST_HUB_REDIRECT_URI" in os.environ:
    gateway["oauth_redirect_uri"] = os.environ["TEST_HUB_REDIRECT_URI"]
c.JupyterHub.services = [
    gateway,
    # Makes the users' tokens through the Hub's API.
    {"name": "token-maker", "api_token": os.environ["TEST_HUB_MAKER_TOKEN"]},
]
c.JupyterHub.load_roles = [
    {"name": "token-maker", "services": ["token-maker"], "scopes": ["admin:users", "tokens"]},
    {"name": "user", "scopes": ["self", "access:services!service=dask-gateway"]},
    {"name": "server", "scopes": ["users:activity!user", "access:servers!user", "access:services!service=dask-gateway"]},
]
