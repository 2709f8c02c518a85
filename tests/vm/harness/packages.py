"""The product's Debian packages, of this tree and as an older version, put into a guest and installed there by dpkg."""

import shlex

from .host import REPO, call

NAMES = ("lekdicht-agent", "lekdicht-notifier", "lekdicht-collector")
OLDER = "0.0.1"         # below every version there will be
FOLDER = "/root/packages"
INSTALL_TIMEOUT = 180   # seconds for dpkg on a busy host
# The guest has no desktop, and so not what the notifier needs.
DPKG = "DEBIAN_FRONTEND=noninteractive dpkg --force-depends --force-confold"


def build(folder):
    """Build the packages into FOLDER; their files, by name."""
    call(REPO / "debian/make-deb", folder, cwd=REPO)
    return {name: next(folder.glob(f"{name}_*.deb")) for name in NAMES}


def older(package, folder):
    """The same PACKAGE in FOLDER with an older version: what an upgrade comes from. Its file."""
    root, result = folder / "older", folder / f"older-{package.name}"
    call("dpkg-deb", "--raw-extract", package, root)
    control = root / "DEBIAN/control"
    control.write_text("".join(f"Version: {OLDER}\n" if line.startswith("Version:") else line
                               for line in control.read_text().splitlines(keepends=True)))
    call("dpkg-deb", "--root-owner-group", "--build", root, result)
    call("rm", "-r", root)
    return result


class Packages:
    """The packages in one guest."""

    def __init__(self, vm):
        self.vm = vm
        folder = vm.directory / "deb"
        for name, package in build(folder).items():
            vm.put(f"{FOLDER}/new/{name}.deb", package.read_bytes())
            vm.put(f"{FOLDER}/old/{name}.deb", older(package, folder).read_bytes())

    @classmethod
    def of(cls, vm):
        """Those of this guest, built and put there at the first call."""
        if not hasattr(vm, "packages"):
            vm.packages = cls(vm)
        return vm.packages

    def _dpkg(self, verb, *words):
        return self.vm.run(f"{DPKG} {verb} {shlex.join(words)}", timeout=INSTALL_TIMEOUT)

    def install(self, which="new", *names):
        """Install the new or old packages NAMES, or all."""
        return self._dpkg("--install", *(f"{FOLDER}/{which}/{name}.deb" for name in names or NAMES))

    def remove(self):
        return self._dpkg("--remove", *NAMES)

    def purge(self):
        return self._dpkg("--purge", *NAMES)

    def version(self, name="lekdicht-agent"):
        return self.vm.out(f"dpkg-query --show --showformat '${{Version}}' {name}")
