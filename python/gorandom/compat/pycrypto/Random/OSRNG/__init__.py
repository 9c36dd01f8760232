"""PyCrypto's ``Crypto.Random.OSRNG``: the system's generator, without gorandom's own.

``new()`` returns the class for this system: a ``posix.DevURandomRNG``, an ``nt.WindowsRNG`` or, elsewhere, a
``fallback.PythonOSURandomRNG``.
"""

import os

if os.name == "posix":
    from .posix import new
elif os.name == "nt":
    from .nt import new  # type: ignore[assignment]
else:
    from .fallback import new  # type: ignore[assignment]

__all__ = ["new"]
