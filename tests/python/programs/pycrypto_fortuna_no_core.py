"""Fortuna's classes where there is no core. Run by test_pycrypto_fortuna.py."""

from gorandom.compat.pycrypto.Random.Fortuna import FortunaAccumulator, FortunaGenerator, SHAd256

import gorandom

for make in (
    SHAd256.new,
    FortunaGenerator.AESGenerator,
    FortunaAccumulator.FortunaPool,
    FortunaAccumulator.FortunaAccumulator,
):
    try:
        make()
    except RuntimeError as e:
        assert gorandom.status().reason in str(e), e
    else:
        raise SystemExit("no error")
assert FortunaAccumulator.which_pools(2) == [0, 1]
