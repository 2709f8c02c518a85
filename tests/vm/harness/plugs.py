"""How often each kind of device is plugged before nothing is said to have appeared.

`make check` has its half hour for all there is; `make check-plugs` sets LEKDICHT_PLUGS to 200 and takes hours.
"""

import os

_ASKED = os.environ.get("LEKDICHT_PLUGS")
PLUGS = int(_ASKED or 20)       # of what stores
FEW = int(_ASKED or 3)          # of what takes seconds a plug and has no block device: phones
