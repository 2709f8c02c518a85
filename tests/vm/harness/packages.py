"""The product's Debian packages, of this tree and as an older version, put into a guest and installed there by apt."""

import sys

from .host import REPO, call

sys.path.insert(0, str(REPO / "tests/documented"))
import where  # noqa: E402

NAMES = ("lekdicht-agent", "lekdicht-notifier", "lekdicht-collector")
OLDER = "0.0.1"         # below every version there will be
FOLDER = "/root/packages"
APT_TIMEOUT = 180       # seconds on a busy host
# Nobody sits there to answer; and apt's own folders, which the bed's tree does without.
PREPARE = ("""echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/90bed; """
           "mkdir -p /var/lib/apt/lists/partial /var/cache/apt/archives/partial")


def build(folder):
    """Build the packages into FOLDER; their files."""
    call(REPO / "debian/make-deb", folder, cwd=REPO)
    return [next(folder.glob(f"{name}_*.deb")) for name in NAMES]


def older(package, folder):
    """The same PACKAGE in FOLDER with an older version: what an upgrade comes from. Its file."""
    name, version, machine = package.name.split("_")
    root, result = folder / "older", folder / f"{name}_{OLDER}_{machine}"
    call("dpkg-deb", "--raw-extract", package, root)
    control = root / "DEBIAN/control"
    control.write_text(control.read_text().replace(f"\nVersion: {version}\n", f"\nVersion: {OLDER}\n"))
    call("dpkg-deb", "--root-owner-group", "--build", root, result)
    call("rm", "-r", root)
    return result


class Packages:
    """The packages in one guest."""

    def __init__(self, vm):
        self.vm = vm
        folder = vm.directory / "deb"
        self.files = build(folder)
        for package in self.files:
            vm.put(f"{FOLDER}/new/build/deb/{package.name}", package.read_bytes())
            vm.put(f"{FOLDER}/old/build/deb/{package.name}", older(package, folder).read_bytes())
        vm.run(PREPARE)

    @classmethod
    def of(cls, vm):
        """Those of this guest, built and put there at the first call."""
        if not hasattr(vm, "packages"):
            vm.packages = cls(vm)
        return vm.packages

    def apt(self, command, which="new"):
        """Run COMMAND where the new or the old packages are."""
        return self.vm.run(f"cd {FOLDER}/{which} && {command}", timeout=APT_TIMEOUT)

    def install(self, which="new"):
        """All of them, on one laptop."""
        return self.apt(f"{where.INSTALL} && {where.COLLECTOR}", which)

    def version(self, name="lekdicht-agent"):
        return self.vm.out(f"dpkg-query --show --showformat '${{Version}}' {name}")
