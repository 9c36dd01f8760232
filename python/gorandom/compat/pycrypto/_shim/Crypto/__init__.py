"""Replaces itself with gorandom's Crypto, or with the installed Crypto with gorandom's Random in it."""


def _give_place() -> None:
    try:
        import gorandom
    except ImportError as error:
        # PYTHONPATH led an interpreter without gorandom here. It goes on without this folder.
        if error.name != "gorandom":
            raise
    else:
        gorandom.install_as_crypto()
        return
    import os
    import sys

    sys.path.remove(os.path.dirname(os.path.dirname(__file__)))
    del sys.modules[__name__]
    __import__(__name__)


_give_place()
