"""Which domains are one mail system, and so share a limit.

Source: Thunderbird's database of mail providers (autoconfig.thunderbird.net), which lists the domains that each one
serves. It holds those that Dutch readers have; a workspace adds its own as `limits.groups`.
"""

from collections.abc import Mapping
from typing import Final

_TABLE: Final[Mapping[str, str]] = {
    "gmail.com": "googlemail.com",
    "outlook.com": (
        "hotmail.com live.com msn.com windowslive.com hotmail.nl live.nl outlook.be hotmail.be live.be "
        "outlook.de hotmail.de live.de outlook.fr hotmail.fr live.fr hotmail.co.uk live.co.uk "
        "outlook.es hotmail.es outlook.it hotmail.it"
    ),
    "yahoo.com": "yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.se yahoo.co.uk ymail.com rocketmail.com",
    "icloud.com": "me.com mac.com",
    "ziggo.nl": (
        "ziggomail.com home.nl upcmail.nl chello.nl casema.nl quicknet.nl multiweb.nl zinders.nl zeggis.nl "
        "zeggis.com razcall.nl razcall.com hahah.nl"
    ),
    "kpnmail.nl": (
        "planet.nl hetnet.nl kpnplanet.nl xs4all.nl wxs.nl telfort.nl tiscali.nl tiscalimail.nl freeler.nl tip.nl "
        "snelnet.net on.nl onsbrabantnet.nl onsmail.nl onsnet.nu onsneteindhoven.nl onsnetnuenen.nl"
    ),
}
GROUPS: Final[Mapping[str, str]] = {
    domain: name for name, others in _TABLE.items() for domain in (name, *others.split())
}
"""The name of the group of each domain that is in one."""
