"""Run the command line as on Windows: `python other_system.py ARGUMENTS…`.

The modules, functions and signals that Windows lacks are missing here, and the system has its name.
"""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import subprocess
import sys
import tempfile

_MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
_FUNCTIONS = ("fchmod", "fork", "getloadavg", "getpgid", "killpg", "mkfifo", "setsid", "sysconf", "wait4")
LOADED_BEFORE = (asyncio, subprocess, tempfile)
"""Modules of the standard library that have code of their own for Windows."""


def become_windows() -> None:
    """Take away what Windows lacks; the modules that are loaded by now keep what they have of it."""
    for module in _MODULES:
        sys.modules[module] = None  # type: ignore[assignment]
    for name in _FUNCTIONS:
        delattr(os, name)
    for name in ("SIGHUP", "SIGKILL"):
        delattr(signal, name)
    platform.system = lambda: "Windows"


def import_all() -> None:
    """Import each module of the packages."""
    import pkgutil
    from importlib import import_module

    for package in ("connectors", "reports", "toolkit"):
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)


if __name__ == "__main__":
    become_windows()
    if sys.argv[1:] == ["import-all"]:
        import_all()
    else:
        from toolkit.__main__ import main

        main()
