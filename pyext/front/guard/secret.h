/* Memory for keys that Python objects hold. */
#pragma once

#include <stddef.h>

#pragma GCC visibility push(hidden)

int secret_init(void);	/* once. 0, or an errno */
void *secret_take(size_t n);	/* n zero bytes; NULL: no memory */
void secret_give(void *, size_t n);	/* erases what secret_take(n) gave */

#pragma GCC visibility pop
