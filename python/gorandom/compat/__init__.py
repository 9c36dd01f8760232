"""Other packages' names, backed by gorandom: ``pycrypto``, ``m2crypto``, ``osrandom`` and ``flask`` (its sessions)."""
