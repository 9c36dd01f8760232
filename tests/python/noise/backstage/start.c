/* core/start.c: what a Go runtime finds when it is started. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <string.h>

#include "core/start.c"

struct sigtab sigtable[SIGTABLE_ENTRIES];
uint32_t poller_is_open, poller_is_woken;
struct record *record;
static struct record r;
static int spares, inits;
static const unsigned char fresh[16] = "0123456789abcdef";

void keep_spare(struct record *of) { spares += of == &r; }

static void look(int argc, char **argv, char **env)
{
	CHECK(argc == 1 && !strcmp(argv[0], "gorandom") && !argv[1] && env == argv + 2);
	CHECK(record == &r && spares == 1);
	int processors = 0, wanted = 0;
	for (; *env; env++) {
		processors += !strcmp(*env, "GOMAXPROCS=17");
		wanted += !strcmp(*env, "GOGC=off") || !strcmp(*env, "GOTRACEBACK=none") || strstr(*env, "asyncpreemptoff=1");
	}
	CHECK(processors == 1 && wanted == 3);
	int randoms = 0, others = 0;
	for (const ElfW(auxv_t) *a = (const void *)(env + 1); a->a_type != AT_NULL; a++) {
		if (a->a_type != AT_RANDOM) {
			CHECK(a->a_un.a_val == getauxval(a->a_type));
			others++;
			continue;
		}
		/* The host's own bytes are the source of its stack canary, and Go would overwrite them. */
		CHECK(a->a_un.a_val != getauxval(AT_RANDOM) && !memcmp((const void *)a->a_un.a_val, fresh, sizeof fresh));
		randoms++;
	}
	CHECK(randoms == 1 && others >= 3);
	CHECK(poller_is_open && poller_is_woken);
	for (int i = 0; i < SIGTABLE_ENTRIES; i++)
		CHECK(sigtable[i].flags == 0);
	inits++;
}

static void again(int argc, char **argv, char **env) { look(argc, argv, env); }

__attribute__((section("go_init"), used)) static init_fn both[] = {look, again};

int main(void)
{
	unsigned char random[16];
	memcpy(random, fresh, sizeof random);
	for (int i = 0; i < SIGTABLE_ENTRIES; i++)
		sigtable[i].flags = 1 + i;
	core_start(&r, random, 17);
	init_fn *volatile first = both;	/* named here, so that no linker drops the section */
	CHECK(inits == 2 && first == __start_go_init);
	return 0;
}
