# cython: language_level=3
"""What numpy's manual ("Extending", Cython) shows: a bit generator's functions by its capsule, without the GIL."""

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport uint32_t, uint64_t
from numpy.random cimport bitgen_t


def fill(bit_generator, double[::1] doubles, uint64_t[::1] words, uint32_t[::1] halves, uint64_t[::1] raw):
    cdef bitgen_t *rng = <bitgen_t *> PyCapsule_GetPointer(bit_generator.capsule, "BitGenerator")
    cdef Py_ssize_t i
    with bit_generator.lock, nogil:
        for i in range(doubles.shape[0]):
            doubles[i] = rng.next_double(rng.state)
            words[i] = rng.next_uint64(rng.state)
            halves[i] = rng.next_uint32(rng.state)
            raw[i] = rng.next_raw(rng.state)
