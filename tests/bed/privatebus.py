# SPDX-License-Identifier: GPL-3.0-or-later
"""A bus of one's own: what dbus-daemon has to be told, for tests and for the demo."""

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>{kind}</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
{owners}
</busconfig>
"""
ANYBODY = '<policy context="default"><allow own="*"/></policy>'


def command(config, socket, kind="system", owners=ANYBODY):
    """Writes the file CONFIG for a bus that listens at SOCKET; the words that run it in the foreground. OWNERS: elements that say
    who may have which name."""
    config.write_text(CONFIG.format(kind=kind, socket=socket, owners=owners), encoding="utf-8")
    return ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"]
