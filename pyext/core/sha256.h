#ifndef GORANDOM_SHA256_H
#define GORANDOM_SHA256_H

#include "core.h"

sha256_blocks core_sha256(void);

#endif
