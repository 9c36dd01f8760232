#ifndef GORANDOM_OPENSSL_METHOD_H
#define GORANDOM_OPENSSL_METHOD_H

#include <stdint.h>

#include "python/base.h"

#pragma GCC visibility push(hidden)

extern const struct base *base;	/* module.c sets it at import */
void openssl_init(void);	/* once */

/* The OpenSSL that the loaded library at this path depends on (NULL: the program itself) draws from here.
 * NULL, or why it does not. Idempotent; loads nothing. */
const char *openssl_activate(const char *path);
void openssl_deactivate(void);	/* gives it back what it drew from before, unless another has replaced us since */
int openssl_active(void);
uint64_t openssl_served(void);	/* bytes that OpenSSL has had from here, in this process and its ancestors */

#pragma GCC visibility pop

#endif
