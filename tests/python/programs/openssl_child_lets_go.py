"""A child's deactivate() leaves its parent as it is. Run by test_openssl.py."""

import os

from gorandom import openssl

openssl.activate()
child = os.fork()
if not child:
    openssl.deactivate()
    os._exit(openssl.active())
assert os.waitpid(child, 0)[1] == 0 and openssl.active()
