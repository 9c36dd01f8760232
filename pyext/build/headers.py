"""Python's headers for a target that may be another machine."""

import os
import shutil
import sys
import sysconfig

OLDEST = (3, 11)  # for Py_LIMITED_API

# Replaces this machine's own pyconfig.h: what the limited API needs of it, for any 64-bit Linux.
PYCONFIG = """#define SIZEOF_SHORT __SIZEOF_SHORT__
#define SIZEOF_INT __SIZEOF_INT__
#define SIZEOF_LONG __SIZEOF_LONG__
#define SIZEOF_LONG_LONG __SIZEOF_LONG_LONG__
#define SIZEOF_FLOAT __SIZEOF_FLOAT__
#define SIZEOF_DOUBLE __SIZEOF_DOUBLE__
#define SIZEOF_VOID_P __SIZEOF_POINTER__
#define SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#define SIZEOF_WCHAR_T __SIZEOF_WCHAR_T__
#define SIZEOF_TIME_T 8
#define SIZEOF_OFF_T 8
#define SIZEOF_PID_T 4
#define HAVE_INTTYPES_H 1
#define HAVE_STDINT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
#define HAVE_STRING_H 1
#define HAVE_WCHAR_H 1
"""


def machines_own():
    """Return the folder with the headers of the Python that runs the build."""
    folder = sysconfig.get_paths()["include"]
    if not os.path.exists(os.path.join(folder, "Python.h")):
        raise SystemExit(
            "gorandom: there is no Python.h in %s: install the headers of Python %d.%d, on Debian python3-dev."
            % (folder, *sys.version_info[:2])
        )
    return folder


def neutral(tools):
    """Return a copy of the headers that does not depend on this machine. Their macros change from release to release, and
    with them the bytes that are built. The headers of the oldest release that the wheel is for are right for all."""
    if sys.version_info[:2] != OLDEST:
        raise SystemExit(
            "gorandom: a wheel for publication is built with the headers of CPython %d.%d, and this is %d.%d."
            % (*OLDEST, *sys.version_info[:2])
        )
    copy = os.path.join(tools, "include")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(machines_own(), copy)
    with open(os.path.join(copy, "pyconfig.h"), "w") as f:
        f.write(PYCONFIG)
    return copy
