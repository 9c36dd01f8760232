"""The names of other packages over gorandom's stream: ``pycrypto``, ``m2crypto`` and ``osrandom``."""
