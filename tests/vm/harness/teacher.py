"""What the user at the screen can do, and must not be able to do."""

import re

NAME = "teacher"
VFAT_TIMEOUT = 60       # seconds until udisks has looked at a new file system, on a busy host


def run(vm, command):
    """Run COMMAND as teacher; the Result, whatever it is."""
    return vm.run(command, user=NAME, check=False)


def assert_denied(vm, command):
    """COMMAND fails for teacher; its Result."""
    result = run(vm, command)
    assert result.code != 0, f"teacher may: {result}"
    return result


def assert_cannot_open(vm, command):
    """COMMAND, one of guest-tools that says how far it got, gets no further for teacher than open()."""
    result = assert_denied(vm, command)
    assert result.out.startswith("open: Permission denied"), f"teacher got further than open: {result}"


def assert_root_only(vm, node):
    """Nobody but root may open NODE: not by its mode, its group or an ACL."""
    mode = vm.out(f"stat -c '%a %U %G' {node}")
    # What is left of an ACL may give nobody anything; its mask, which udev reckons anew from the group root's bits, is what
    # the mode shows for the group.
    acl = vm.out(f"getfacl --omit-header --skip-base --absolute-names {node}")
    assert mode == "600 root root" or (acl and mode == "660 root root"), f"{node} is {mode}"
    named = [entry for entry in acl.splitlines()
             if re.match(r"(user|group):[^:]", entry) and not entry.endswith("#effective:---")]
    assert not named, f"{node} has the ACL {acl}"
    result = run(vm, f"head -c 1 {node} >/dev/null")
    assert result.code != 0 and "Permission denied" in result.err, f"teacher opening {node}: {result}"


def assert_mounts(vm, node):
    """teacher mounts NODE by udisks, and unmounts it."""
    vm.wait_for(f"udisksctl mount --no-user-interaction -b {node}", VFAT_TIMEOUT, user=NAME)
    vm.run(f"udisksctl unmount --no-user-interaction -b {node}", user=NAME)


def assert_uses(vm, node):
    """teacher mounts the file system on NODE, writes a file, unmounts, mounts again and finds the file."""
    vm.wait_for(f"udisksctl info -b {node} | grep -q 'IdType: *vfat'", VFAT_TIMEOUT, user=NAME)
    vm.run(f"""set -e
mount() {{ udisksctl mount --no-user-interaction -b {node} && where=$(findmnt -no TARGET {node}); }}
mount
date +%s.%N >~/witness
cp ~/witness "$where/witness.txt"
udisksctl unmount --no-user-interaction -b {node}
mount
cmp ~/witness "$where/witness.txt"
udisksctl unmount --no-user-interaction -b {node}
""", user=NAME)


def mount(vm, node):
    """teacher mounts NODE by udisks, which on a busy host may have done it and still say that it took too long."""
    vm.wait_for(f"findmnt {node} || udisksctl mount --no-user-interaction -b {node}", 2 * VFAT_TIMEOUT, user=NAME)


class Essay:
    """A file on the file system of NODE that teacher has open and writes: mounted by udisks, begun at once, ended by close()."""

    _ENDS = "/tmp/essay-ends"

    def __init__(self, vm, node):
        mount(vm, node)
        self._vm = vm
        vm.run(f"rm -f {self._ENDS}")
        self._writer = vm.start(f"exec 3>$(findmnt -no TARGET {node})/essay.txt; echo begin >&3; echo open\n"
                                f"until [ -e {self._ENDS} ]; do sleep 0.1; done\necho end >&3; echo closed", user=NAME)
        self._writer.wait_output("open\n")

    def close(self):
        """Write the rest and close the file; what was mounted stays so."""
        self._vm.run(f"touch {self._ENDS}")
        self._writer.wait_output("closed\n")


def assert_essay(vm, node):
    """The essay on the file system of NODE is whole; teacher mounts it and unmounts it."""
    mount(vm, node)
    text = vm.out(f"cat $(findmnt -no TARGET {node})/essay.txt; udisksctl unmount -b {node} >/dev/null", user=NAME)
    assert text == "begin\nend", f"of the file is left: {text!r}"
