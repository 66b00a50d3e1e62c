"""How a role tells whoever started it that it is at work: systemd's notify protocol.

`salespulse up` listens to it, and so does a systemd unit with `Type=notify`.
"""

import os
import socket


def tell_ready() -> None:
    """Say that this process is at work. Does nothing when nobody asked (no `NOTIFY_SOCKET`)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # Linux's abstract sockets
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
        try:
            teller.sendto(b"READY=1", address)
        except OSError:
            return  # whoever asked is gone: that is not our end
