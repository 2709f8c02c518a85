"""Block nodes of QEMU: what a virtual disk is plugged into the guest with."""

import itertools

_numbers = itertools.count(1)


def add(qmp, path, read_only=False, bytes_per_second=None):
    """Make a node on the image file PATH; its name, and the commands that remove it again in order.

    BYTES_PER_SECOND makes the disk answer late, and so block who asks it.
    """
    number = next(_numbers)
    name, group, throttled = f"node{number}", f"limit{number}", f"slow{number}"
    qmp.execute("blockdev-add", driver="raw", node_name=name, read_only=read_only,
                file={"driver": "file", "filename": str(path)})
    undo = [("blockdev-del", {"node_name": name})]
    if bytes_per_second is None:
        return name, undo
    qmp.execute("object-add", qom_type="throttle-group", id=group, limits={"bps-total": bytes_per_second})
    qmp.execute("blockdev-add", driver="throttle", node_name=throttled, throttle_group=group, file=name)
    return throttled, [("blockdev-del", {"node_name": throttled}), *undo, ("object-del", {"id": group})]


def remove(qmp, device, undo, timeout):
    """Take DEVICE out of the guest, wait until it is out, and UNDO what it stood on."""
    mark = qmp.mark()
    qmp.execute("device_del", id=device)
    qmp.wait_event("DEVICE_DELETED", mark, timeout, device=device)
    for command, arguments in undo:
        qmp.execute(command, **arguments)
