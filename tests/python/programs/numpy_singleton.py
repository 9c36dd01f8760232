"""gorandom's bit generator behind numpy.random's functions: test_numpy.py runs this."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import gorandom


def refusal(error, call):
    try:
        call()
    except error as caught:
        return str(caught)
    raise AssertionError(f"not refused: {call}")


@settings(database=None, max_examples=3)
@given(st.integers())
def drawing_test(number):
    np.random.random()


own = np.random.get_bit_generator()
np.random.set_bit_generator(gorandom.BitGenerator())
assert len(set(np.random.random(1000).tolist())) == 1000
assert sorted(np.random.permutation(100).tolist()) == list(range(100))
assert "takes no seed" in refusal(ValueError, lambda: np.random.seed(42))
for call in (np.random.seed, np.random.get_state, drawing_test):
    assert "has no state" in refusal(TypeError, call), call

np.random.set_bit_generator(own)
np.random.seed(42)
first = np.random.random()
np.random.seed(42)
assert np.random.random() == first
drawing_test()
