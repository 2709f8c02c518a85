"""The school's Ansible, on this machine, which comes to a guest by ssh: docs/ansible with files/ and an inventory in it."""

import os
import re
import shlex
import shutil
import subprocess
import sys

from .host import REPO

sys.path.insert(0, str(REPO / "tests/documented"))
import where  # noqa: E402

TIMEOUT = 300           # seconds for one run; each task starts a Python in the guest
RECAP = re.compile(r"^laptop\s*: .*?\bchanged=(\d+)\b.*?\bfailed=(\d+)\b", re.MULTILINE)


class Ansible:
    """A copy of docs/ansible in FOLDER for one guest."""

    def __init__(self, vm, folder, packages):
        self.folder = folder
        shutil.copytree(REPO / "docs/ansible", folder)
        (folder / "files").mkdir()
        for package in packages:
            shutil.copy(package, folder / "files")
        _, _, key, _, port, *_ = shlex.split(vm.ssh_command())
        (folder / "laptops.ini").write_text(
            f"[laptops]\nlaptop ansible_host=127.0.0.1 ansible_port={port} ansible_user=root ansible_ssh_private_key_file={key} "
            "ansible_python_interpreter=/usr/bin/python3\n")

    def put(self, name, text):
        """A file of the school's: files/NAME, or group_vars/..."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def roll_out(self):
        """Run the playbook as it is documented. (what changed, what failed, all that was said)"""
        environment = {**os.environ, "HOME": str(self.folder), "ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_NOCOLOR": "1",
                       "ANSIBLE_PIPELINING": "True", "LC_ALL": "C.UTF-8",
                       "ANSIBLE_SSH_COMMON_ARGS": "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"}
        done = subprocess.run(shlex.split(where.ROLL_OUT), cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
        recap = RECAP.search(done.stdout)
        assert recap, f"Ansible came to no end: {done.stdout}"
        return int(recap.group(1)), int(recap.group(2)), done.stdout
