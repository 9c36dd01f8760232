/* Whether, when and how this process gets a core of its own. */
#ifndef GORANDOM_RUNTIME_START_H
#define GORANDOM_RUNTIME_START_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum start_mode { START_AUTO, START_EAGER, START_NEVER, START_MODES };
enum start_mode start_get_mode(void);
int start_set_mode(enum start_mode);	/* 0; -1: too late for START_NEVER. May wait some ms: without the GIL */

extern const char *start_keystream;	/* the AES kernel that every core of this lineage is to use; NULL: the core chooses */

int start_init(void);	/* once. 0, or an errno */
const char *start_load(const char *core_path);	/* once, after it: library_load() */
int start_is_wanted(size_t n, uint64_t before);	/* should a draw of n bytes start one, after so many bytes drawn without? */
int start_core(void);	/* 1: a core is alive. 0 if the mode is START_NEVER. Takes milliseconds: without the GIL */
int start_has_core(void);	/* is one alive that can be entered? */
const char *start_reason(void);	/* why there is no core; NULL if there is */

#pragma GCC visibility pop

#endif
