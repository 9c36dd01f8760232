#ifndef GORANDOM_RESET_H
#define GORANDOM_RESET_H

#include "record.h"

struct record *core_map(unsigned int *nthreads, const char **why);
int core_reset(struct record *);
void core_prepare(struct record *);
void core_parent(struct record *);
void core_child(struct record *);
void core_forget(struct record *);
void core_unbind(struct record *);
unsigned core_threads(const struct record *);
unsigned core_mappings(const struct record *);

#endif
