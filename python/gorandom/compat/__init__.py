"""The names of other packages over gorandom: ``pycrypto``, ``m2crypto``, ``osrandom`` and ``flask`` (its sessions)."""
