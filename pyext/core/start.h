#ifndef GORANDOM_START_H
#define GORANDOM_START_H

#include "record.h"

#define SIGTABLE_ENTRIES 65	/* Linux: signals 0 to 64 */

void core_start(struct record *, unsigned char random[16], int processors);

#endif
