"""What the programs of test_pycrypto_hmac.py share: the modules of Crypto.Hash. The import installs them."""

import gorandom

gorandom.install_as_crypto()
NAMES = ["HMAC", "MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"]
