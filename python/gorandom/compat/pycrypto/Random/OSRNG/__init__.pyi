import sys

if sys.platform == "win32":
    from .nt import new as new
else:
    from .posix import new as new

__all__ = ["new"]
