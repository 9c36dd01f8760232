"""What a draw answers, and after how many reads of /dev/urandom, when the device is not as it should be. Run with
device.c preloaded, in direct mode."""

import ctypes
import errno
import json

import confine

import gorandom

library = ctypes.CDLL(None)
gorandom.status()
confine.refuse("getrandom", errno.EPERM)


def answer(**weather):
    """What a large draw gives in this weather: variables of device.c."""
    names = {"device_reads": 0, "device_replaced": 0, "device_read_error": 0, "device_poll_error": 0} | weather
    for name, value in names.items():
        ctypes.c_int.in_dll(library, name).value = value
    try:
        found = "zeros" if not any(gorandom.get_random_bytes(20_000)[:64]) else "bytes"
    except OSError as e:
        found = errno.errorcode[e.errno]
    return [found, ctypes.c_int.in_dll(library, "device_reads").value]


print(
    json.dumps(
        {
            "the poll fails": answer(device_poll_error=errno.ENOMEM),
            "the poll is interrupted": answer(device_poll_error=errno.EINTR),
            "the read fails": answer(device_read_error=errno.ENOMEM),
            "the read would wait": answer(device_read_error=errno.EAGAIN),
            "the read gives nothing": answer(device_read_error=-1),
            "another file once": answer(device_replaced=1),
            "another file three times": answer(device_replaced=3),
            "another file always": answer(device_replaced=1000),
        }
    )
)
