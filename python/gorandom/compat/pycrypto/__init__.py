"""What of PyCrypto's package ``Crypto`` is not ``Random``, under the names that it has there."""
