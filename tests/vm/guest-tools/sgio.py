#!/usr/bin/python3
"""Send a SCSI command to a drive past its block driver, as burning programs do (SG_IO).

sgio.py NODE inquiry|read|write [ro]

Prints `open:` and why not, or the SCSI status of the answer and its sense key. Exit code 0: the
drive itself has answered, whatever it thought of the command; 1: the command did not reach it.
"""

import ctypes
import errno
import fcntl
import os
import sys

SG_IO = 0x2285
SG_DXFER_TO_DEV, SG_DXFER_FROM_DEV = -2, -3
BLOCK = 2048            # of a CD; on a disk it is four blocks
SENSE_KEY = 2           # byte of fixed format sense data
COMMANDS = {            # SPC and SBC: operation code, length, flags; one block at address 0
    "inquiry": (bytes((0x12, 0, 0, 0, 36, 0)), SG_DXFER_FROM_DEV, 36),
    "read": (bytes((0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0)), SG_DXFER_FROM_DEV, BLOCK),
    "write": (bytes((0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0)), SG_DXFER_TO_DEV, BLOCK),
}


class SgIoHdr(ctypes.Structure):
    """struct sg_io_hdr of scsi/sg.h."""
    _fields_ = [("interface_id", ctypes.c_int), ("dxfer_direction", ctypes.c_int), ("cmd_len", ctypes.c_ubyte),
                ("mx_sb_len", ctypes.c_ubyte), ("iovec_count", ctypes.c_ushort), ("dxfer_len", ctypes.c_uint),
                ("dxferp", ctypes.c_void_p), ("cmdp", ctypes.c_void_p), ("sbp", ctypes.c_void_p),
                ("timeout", ctypes.c_uint), ("flags", ctypes.c_uint), ("pack_id", ctypes.c_int),
                ("usr_ptr", ctypes.c_void_p), ("status", ctypes.c_ubyte), ("masked_status", ctypes.c_ubyte),
                ("msg_status", ctypes.c_ubyte), ("sb_len_wr", ctypes.c_ubyte), ("host_status", ctypes.c_ushort),
                ("driver_status", ctypes.c_ushort), ("resid", ctypes.c_int), ("duration", ctypes.c_uint),
                ("info", ctypes.c_uint)]


def main():
    node, name, *rest = sys.argv[1:]
    command, direction, length = COMMANDS[name]
    mode = os.O_RDONLY if rest == ["ro"] else os.O_RDWR
    try:
        drive = os.open(node, mode | os.O_NONBLOCK)
    except OSError as error:
        print(f"open: {error.strerror}")
        return 1
    data, sense = ctypes.create_string_buffer(length), ctypes.create_string_buffer(32)
    bytes_of_command = ctypes.create_string_buffer(command, len(command))
    header = SgIoHdr(interface_id=ord("S"), dxfer_direction=direction, cmd_len=len(command), mx_sb_len=len(sense),
                     dxfer_len=length, dxferp=ctypes.addressof(data), cmdp=ctypes.addressof(bytes_of_command),
                     sbp=ctypes.addressof(sense), timeout=20000)
    try:
        fcntl.ioctl(drive, SG_IO, header)
    except OSError as error:
        print(f"{name}: {errno.errorcode[error.errno]}")
        return 1
    print(f"{name}: status {header.status} host {header.host_status} sense key {sense.raw[SENSE_KEY] & 15:x}")
    return 0 if header.host_status == 0 else 1


sys.exit(main())
