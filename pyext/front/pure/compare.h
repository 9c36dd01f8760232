#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* 1 if the na bytes at a are the nb bytes at b, else 0. The time depends on na and nb, never on the bytes: no
 * branch and no address does. For unequal lengths it is 0, after b has been compared with itself. */
int compare_equal(const void *a, size_t na, const void *b, size_t nb);

#pragma GCC visibility pop
