"""ACPI tables for what QEMU's firmware does not say of itself, put together byte by byte (ACPI 6.4, chapter 20)."""

import uuid

# "External facing port", as Windows wants it of Thunderbolt and the kernel takes it (drivers/pci/pci-acpi.c).
EXTERNAL_FACING = uuid.UUID("efcc06cc-73ac-4bc3-bff0-76143807c389")
BYTE_PREFIX, STRING_PREFIX, NAME, SCOPE, BUFFER, PACKAGE = 0x0a, 0x0d, 0x08, 0x10, 0x11, 0x12
ROOT, DUAL_NAME, MULTI_NAME = b"\\", 0x2e, 0x2f
DSDT_NAME = "\\_SB_.PCI0.S{:02X}_"      # how QEMU calls what it describes of its first PCI bus: by slot and function
REVISION = 2


def sized(opcode, body):
    """OPCODE with a package length, in its form of two bytes: 12 bits, themselves included."""
    length = len(body) + 2
    return bytes((opcode, 0x40 | length & 0x0f, length >> 4)) + body


def path(text):
    """A name from the root, of segments of four characters."""
    segments = text.removeprefix("\\").split(".")
    return ROOT + bytes((MULTI_NAME, len(segments))) + "".join(segments).encode()


def package(*elements):
    return sized(PACKAGE, bytes((len(elements),)) + b"".join(elements))


def external_facing(slot):
    """Scope (\\_SB.PCI0.Sxx) { Name (_DSD, Package () { ToUUID (...), Package () { { "ExternalFacingPort", 1 } } }) }"""
    identity = sized(BUFFER, bytes((BYTE_PREFIX, 16)) + EXTERNAL_FACING.bytes_le)
    fact = package(bytes((STRING_PREFIX,)) + b"ExternalFacingPort\0", bytes((BYTE_PREFIX, 1)))
    device_data = bytes((NAME,)) + b"_DSD" + package(identity, package(fact))
    return sized(SCOPE, path(DSDT_NAME.format(slot << 3)) + device_data)


def external_facing_table(slots):
    """A secondary table that calls the PCIe ports in these SLOTS external; QEMU sets its checksum."""
    body = b"".join(external_facing(slot) for slot in slots)
    header = (b"SSDT" + (36 + len(body)).to_bytes(4, "little") + bytes((REVISION, 0)) + b"BED   " + b"EXTERNAL"
              + (1).to_bytes(4, "little") + b"BED " + (1).to_bytes(4, "little"))
    return header + body
