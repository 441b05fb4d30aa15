"""An idle cluster ends by itself, a busy one does not."""
import gw

name = gw.create()
gw.until("stopped for idleness", lambda: gw.status(name) == "STOPPED", 60)
gw.say("ok")
