"""Parts of PyCrypto's package ``Crypto``, under the names that they have there."""
