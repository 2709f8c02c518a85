"""A laptop in QEMU, to plug real USB devices into: see tests/vm/README.md."""
