"""Read facts of this machine: processors, memory, load, and the accuracy of its clock."""

from __future__ import annotations

import ctypes
import os
import platform
import time

from toolkit.host.system import memory_bytes
from toolkit.model.recorded.run_meta import Host, HostClock, HostLoad

_STA_UNSYNC, _STA_NANO = 0x0040, 0x2000
_TIME_ERROR = 5


def host() -> Host:
    """Return hardware and system of this machine."""
    system = platform.uname()
    return Host(
        cpu_count=os.cpu_count() or 1,
        memory_bytes=memory_bytes(),
        system=system.system,
        kernel=system.release,
        machine=system.machine,
        python=platform.python_version(),
    )


def load() -> HostLoad:
    """Return the present load averages of this machine."""
    return HostLoad(now_ms(), *(round(value, 2) for value in os.getloadavg()))


def now_ms() -> int:
    """Return the wall clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def clock() -> HostClock:
    """Return the kernel's estimate of its clock's error from adjtimex(2), without changing the clock.

    Where the system has no adjtimex, or the clock is not synchronised, `why` of the result says so.
    """
    at_ms, timex = now_ms(), _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (AttributeError, TypeError, OSError):
        return HostClock(at_ms, None, None, f"{platform.system()} does not report the state of its clock")
    if state < 0:
        return HostClock(at_ms, None, None, f"the kernel does not report it: {os.strerror(ctypes.get_errno())}")
    if state == _TIME_ERROR or timex.status & _STA_UNSYNC:
        return HostClock(at_ms, None, None, "the kernel's clock is not synchronised by a time service")
    per_ms = 1_000_000 if timex.status & _STA_NANO else 1_000
    return HostClock(at_ms, timex.offset / per_ms, timex.esterror / 1_000, None)
