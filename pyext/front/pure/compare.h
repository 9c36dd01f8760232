#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* 1 if the na bytes at a are the nb bytes at b, else 0. For unequal lengths b is compared with itself, and the result is 0.
 * The time depends on nb and on whether na equals it, never on the bytes: no branch and no address depends on them. */
int compare_equal(const void *a, size_t na, const void *b, size_t nb);

#pragma GCC visibility pop
