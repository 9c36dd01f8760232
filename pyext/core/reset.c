/* Puts the library back to its dormant state, in a forked child: no loader, no file, no descriptor. */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "reset.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18	/* Linux 4.14; the headers of older C libraries lack it */
#endif

/* The ELF header of this library, as mapped; the linker defines it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* Go's thread-local g; made visible by the build. */
extern __thread uintptr_t tlsg __asm__("runtime.tlsg") __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The one range of writable pages past RELRO: what the file gives, then zeros. */
static int find_writable(struct record *r)
{
	const char *base = (const char *)&__ehdr_start;
	const ElfW(Phdr) *ph = (const void *)(base + __ehdr_start.e_phoff);
	uintptr_t relro_lo = 0, relro_hi = 0;
	int found = 0;

	for (int i = 0; i < __ehdr_start.e_phnum; i++)
		if (ph[i].p_type == PT_GNU_RELRO) {
			relro_lo = (uintptr_t)base + ph[i].p_vaddr;
			relro_hi = (relro_lo + ph[i].p_memsz) & ~(uintptr_t)4095;
		}
	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD || !(ph[i].p_flags & PF_W))
			continue;
		uintptr_t lo = (uintptr_t)base + ph[i].p_vaddr, end = lo + ph[i].p_memsz;
		uintptr_t file = lo + ph[i].p_filesz;
		if (lo >= (relro_lo & ~(uintptr_t)4095) && lo < relro_hi)
			lo = relro_hi;
		lo &= ~(uintptr_t)4095;
		if (lo >= end)
			continue;
		r->lo = (char *)lo;
		r->bss = (char *)PAGE_UP(file > lo ? file : lo);
		r->hi = (char *)PAGE_UP(end);
		found++;
	}
	return found == 1 ? 0 : -1;
}

struct record *core_map(unsigned int *nthreads, const char **why)
{
	struct record *r = __real_mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED) {
		*why = "no memory for the record of the core's mappings";
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	r->nthreads = nthreads;
	r->descriptor = -1;
	*why = "the core's library is not laid out as expected";
	if (find_writable(r))
		goto fail;

	/* A page of a file cannot be wiped at fork: the library's data becomes anonymous memory. */
	size_t n = r->bss - r->lo;
	*why = "the core's data cannot be made memory that fork wipes";
	r->copy = __real_mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->copy == MAP_FAILED)
		goto fail;
	memcpy(r->copy, r->lo, n);
	mprotect(r->copy, n, PROT_READ);
	if (__real_mmap(r->lo, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != r->lo)
		goto fail;
	memcpy(r->lo, r->copy, n);
	if (advise_secret(r->lo, r->hi - r->lo, MADV_WIPEONFORK))
		goto fail;
	*why = NULL;
	return r;
fail:
	__real_munmap(r, sizeof *r);
	return NULL;
}

int core_reset(struct record *r)
{
	if (r->lost)
		return -1;
	core_forget(r);
	for (unsigned i = 0; i < r->keys; i++)
		pthread_key_delete(r->key[i]);
	r->keys = 0;
	for (unsigned i = 0; i < r->n; i++)
		__real_munmap((void *)r->span[i].lo, r->span[i].hi - r->span[i].lo);
	r->n = 0;
	r->spare = (struct span){0, 0};
	close_descriptor(r);
	memcpy(r->lo, r->copy, r->bss - r->lo);
	/* Not memset: crypto/internal/fips140 alone brings 32 MiB of .bss. */
	madvise(r->bss, r->hi - r->bss, MADV_DONTNEED);
	return 0;
}

void core_prepare(struct record *r) { pthread_mutex_lock(&r->lock); }
void core_parent(struct record *r) { pthread_mutex_unlock(&r->lock); }

void core_child(struct record *r)
{
	pthread_mutex_init(&r->lock, NULL);
	r->threads = r->sleepers = r->called = r->on_their_way = 0;
	r->spare = (struct span){0, 0};
	r->n = 0;	/* what others have mapped there since must not be unmapped by a reset */
	core_forget(r);
}

void core_forget(struct record *r)
{
	tlsg = 0;	/* by which Go tells threads that it knows */
	for (unsigned i = 0; i < r->keys; i++)
		pthread_setspecific(r->key[i], NULL);
}

void core_unbind(struct record *r)
{
	for (unsigned i = 0; i < r->keys; i++) {
		void *m = pthread_getspecific(r->key[i]);
		if (m) {
			pthread_setspecific(r->key[i], NULL);
			r->destructor[i](m);
		}
	}
}

unsigned core_threads(const struct record *r) { return __atomic_load_n(&r->threads, __ATOMIC_RELAXED); }
unsigned core_mappings(const struct record *r) { return r->n; }
