# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each command that the documents tell is run as it is written. tests/unit/test-documented.py holds this to the documents,
the scenario `packages` of tests/vm runs what is for a laptop.

The words DEVICE, FILE and 1-2 of a document, and the disk /dev/sdb, stand for what is there: see on_laptop().
"""

# How a laptop gets the packages and loses them, and what makes a golden image of it. The scenario has checks of their own for these.
POLICY = "sudo install -D -m 0644 policy.ini /etc/lekdicht/policy.ini"
INSTALL = "sudo apt install ./build/deb/lekdicht-agent_*.deb ./build/deb/lekdicht-notifier_*.deb"
COLLECTOR = "sudo apt install ./build/deb/lekdicht-collector_*.deb"
REMOVE = "sudo apt remove lekdicht-agent lekdicht-notifier"
PURGE = "sudo apt purge lekdicht-agent lekdicht-notifier"
IMAGE = ("sudo systemctl stop lekdichtd lekdicht-reporter",
         "sudo rm -rf /var/lib/lekdicht /var/lib/lekdicht-report /etc/lekdicht/enrolment /etc/lekdicht/gate.open")
ROLL_OUT = "ansible-playbook --inventory laptops.ini laptops.yml"

# On a laptop in force with its collector on it and a stick that is refused, in this order.
LAPTOP = (
    "systemctl status lekdichtd",
    "lekdicht status",
    "lekdicht status --json",
    'lekdicht status --json >/dev/null || echo "look at this laptop"',
    "lekdicht devices",
    "sudo lekdicht events",
    "lekdicht events",
    "sudo lekdicht events -n 100 --filter device.refused",
    "sudo lekdicht audit-report",
    "lekdicht policy check FILE",
    "lekdicht clients check FILE",
    "sudo lekdicht clients",
    "sudo systemctl restart lekdicht-watch",
    "systemctl status lekdicht-watch",
    "lekdicht policy explain DEVICE",
    "lekdicht policy explain 1-2",
    'sudo lekdicht allow 1-2 --for 2h --read-only --reason "guest lesson"',
    "lekdicht revoke 1-2",
    "sudo lekdicht allow DEVICE --for 2h --reason TEXT",
    "sudo lekdicht learn DEVICE",
    "sudo lekdicht learn 1-2 | sudo tee -a /etc/lekdicht/policy.ini",
    "sudoedit /etc/lekdicht/policy.ini",
    "lekdicht policy check /etc/lekdicht/policy.ini",
    "sudo systemctl reload lekdichtd",
    "systemctl reload lekdichtd",
    "journalctl -t lekdichtd",
    "sudo journalctl -t lekdichtd",
    "sudo journalctl -t lekdichtd -n 20",
    "sudo journalctl -t lekdichtd LEKDICHT_EVENT=lekdicht.device.refused -o json",
    "sudo journalctl -u lekdichtd",
    "sudo journalctl -u lekdicht-gate",
    "df /var/lib/lekdicht",
    "lsblk -f",
    "pgrep -u $USER lekdicht-notif",
    "sudo lekdicht gate open",
    "sudo lekdicht gate close",
    "lekdicht-gate status",
    "lekdicht-gate open",
    "lekdicht gate close",
    "sudo lekdicht-gate open",
    "sudo lekdicht-gate close",
    "lekdicht-gate open --until-reboot",
    "/usr/libexec/lekdicht/lekdicht-probe 2048+30717952 3</dev/sdb",
    "lekdicht-gate close",
    "lekdicht-gate close --boot",
    "systemctl restart lekdicht-gate",
    "sudo systemctl start lekdichtd",
    "systemctl status lekdicht-collector",
    "sudo journalctl -u lekdicht-collector",
    "sudo journalctl -u lekdicht-collector -n 5",
    'sudo lekdicht-collector token add "De Esdoorn" --laptops 60',
    'sudo lekdicht-collector token add "De Esdoorn"',
    "sudo lekdicht-collector token list",
    "sudo lekdicht-collector token revoke 189519d3",
    "sudo lekdicht-collector audit",
    "sudo systemctl restart lekdicht-collector",
    "sudo lekdicht enroll http://127.0.0.1:4318 TOKEN --label L-0421",
    "sudo chmod o= /etc/lekdicht/enrolment",
    "sudo systemctl enable --now lekdicht-reporter",
    "sudo systemctl restart lekdicht-reporter",
    "systemctl status lekdicht-reporter",
    "sudo lekdicht doctor",
    "sudo lekdicht doctor --json",
    "sudo lekdicht-collector revoke L-0421",
    "sudo journalctl -u lekdicht-reporter",
)
# Exit codes that say something else than "it failed".
CODES = {
    "/usr/libexec/lekdicht/lekdicht-probe 2048+30717952 3</dev/sdb": (1, 2),        # plain, and not of that size
    "pgrep -u $USER lekdicht-notif": (1,),              # root has no desktop
}

# What the tests run by themselves: the command, and in which file.
IN_TESTS = {
    "make": "tests/run",
    "sudo make check": ".ci/run",
    "sudo make deb": "tests/integration/test-packages.py",
    "sudo make install": "tests/vm/harness/image.py",
    "sudo make install-collector": "tests/vm/harness/image.py",
    "sudo make uninstall": "tests/vm/scenarios/administration.py",
    "sudo make run": "tests/vm/scenarios/demo.py",
    "make check": ".ci/run",
    "make -j2 programs tests": "tests/run",
    "make check-fuzz": "tests/run",
    "make check-san": "tests/run",
    "sudo make check-integration": "tests/run",
    "lekdicht --version": "tests/unit/test-man.py",
    "make check-unit": "tests/run",
    "make install": "tests/vm/harness/image.py",
    "make run": "tests/vm/scenarios/demo.py",
    "man lekdicht": "tests/integration/test-packages.py",
    "lekdicht clients check /etc/lekdicht/clients.d/school.ini": "tests/integration/test-cli.py",
    "sudo lekdicht policy explain rclone": "tests/integration/test-cli.py",
    "sudo lekdicht policy explain syncthing": "tests/integration/test-agent-clients.c",
    "man lekdicht-clients.ini": "tests/integration/test-packages.py",
    "man lekdicht-watch": "tests/integration/test-packages.py",
    "sudo lekdicht-collector adduser j.devries --role it": "tests/integration/test-collector-people.py",
    'sudo lekdicht-collector adduser els --role viewer --site "De Esdoorn"': "tests/integration/test-collector-people.py",
    "man lekdicht-collector": "tests/integration/test-packages.py",
    "man lekdicht-collector.ini": "tests/integration/test-packages.py",
    "man lekdicht-enrolment": "tests/integration/test-packages.py",
    "man lekdicht-gate": "tests/integration/test-packages.py",
    "man lekdicht-notifier": "tests/integration/test-packages.py",
    "man lekdicht-policy": "tests/integration/test-packages.py",
    "man lekdicht-reporter": "tests/integration/test-packages.py",
    "man lekdichtd": "tests/integration/test-packages.py",
}
NOT_RUN = {
    "lekdicht allow": "names the verb; with its device it is run",
    "lekdicht doctor": "the same as root is run",
    "lekdicht policy explain": "names the verb; with its device it is run",
    "make format": "changes the sources",
    "sudo make coverage": "its parts are run by tests/run, in a build of their own",
    "sudo make lint": "runs no program of ours",
    "sudo make mutants": "breaks the code, and runs unit tests",
    "sudo make lint check": "two targets; each is told by itself as well",
    "sudo make packages-build packages-check": "what each target calls for itself",
    "sudo tests/vm/run laptop --keep": "leaves a machine on; without that it is a part of make check",
    "sudo tests/vm/run laptop --only keyboard": "a part of a scenario that is run",
    "sudo lekdicht-collector revoke LAPTOP": "the same with its label is run",
    "sudo systemctl edit lekdicht-collector": "opens an editor",
    "lekdicht clients": "the same as root is run: nobody else may",
    "lekdicht clients check": "names the verb; with its file it is run",
    "sudo readlink /proc/PID/exe": "PID stands for a process that is there at that moment",
    "lekdicht policy check": "names the verb; with its file it is run",
    "lekdicht-gate encrypted": "names the verb; with its device it is run",
    "make po": "changes the sources",
    "make notices": "pictures to be looked at; the test preview of test-notifier asserts the words of each",
    "sudo make bench": "measures for an hour",
    "sudo make check-plugs": "takes hours",
    "sudo make uninstall-collector": "its steps are those of the package, which is removed and purged in tests/vm/scenarios/packages.py",
}


def on_laptop(command, device, disk, tokens):
    """COMMAND for a laptop with the stick DEVICE (as 1-2), which is DISK when it is open; TOKENS are those of the collector, the
    first one to enrol with, the last one to be revoked."""
    words = {"DEVICE": device, "FILE": "/etc/lekdicht/policy.ini", "1-2": device, "3</dev/sdb": f"3<{disk}"}
    if command.startswith("lekdicht clients"):
        words["FILE"] = "/usr/share/lekdicht/clients.ini"
    if tokens:
        words |= {"TOKEN": tokens[0], "189519d3": tokens[-1].partition(".")[0]}
    return " ".join(words.get(word, word) for word in command.split(" "))
