/* Puts the library back into its dormant state in a forked child: no loader, no file, no descriptor. */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/internal.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18	/* Linux 4.14; the headers of older C libraries lack it */
#endif

/* The ELF header of this library, as mapped; the linker defines it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* Go's thread-local g; made visible by the build. */
extern __thread uintptr_t tlsg __asm__("runtime.tlsg") __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Finds the one range of writable pages, which comes after RELRO: what the file gives, then zeros. */
static int find_writable(struct record *r)
{
	const char *base = (const char *)&__ehdr_start;
	const ElfW(Phdr) *ph = (const void *)(base + __ehdr_start.e_phoff), *end = ph + __ehdr_start.e_phnum;
	uintptr_t relro = 0;	/* its end */
	int found = 0;

	for (const ElfW(Phdr) *p = ph; p < end; p++)
		if (p->p_type == PT_GNU_RELRO)
			relro = PAGE_DOWN(base + p->p_vaddr + p->p_memsz);
	for (const ElfW(Phdr) *p = ph; p < end; p++) {
		uintptr_t start = (uintptr_t)base + p->p_vaddr, lo = start > relro ? PAGE_DOWN(start) : relro;
		if (p->p_type != PT_LOAD || !(p->p_flags & PF_W) || lo >= start + p->p_memsz)
			continue;
		uintptr_t file = start + p->p_filesz;
		r->lo = (char *)lo;
		r->bss = (char *)PAGE_UP(file > lo ? file : lo);
		r->hi = (char *)PAGE_UP(start + p->p_memsz);
		found++;
	}
	return found == 1 ? 0 : -1;
}

/* A page of a file cannot be wiped at fork, so the library's data becomes anonymous memory. */
static int take_over(struct record *r)
{
	size_t n = r->bss - r->lo;
	r->copy = __real_mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->copy == MAP_FAILED)
		return -1;
	memcpy(r->copy, r->lo, n);
	mprotect(r->copy, n, PROT_READ);
	if (__real_mmap(r->lo, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != r->lo)
		return -1;
	memcpy(r->lo, r->copy, n);
	return advise_secret(r->lo, r->hi - r->lo, MADV_WIPEONFORK);
}

struct record *core_map(unsigned int *nthreads, const char **why)
{
	struct record *r = __real_mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED) {
		*why = "the core's record gets no memory (a limit, or seccomp)";
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	r->nthreads = nthreads;
	r->descriptor = -1;
	*why = find_writable(r) ? "the core's library is not laid out as expected"
		: take_over(r) ? "the core's data cannot be made memory that fork wipes (a limit, or seccomp)"
		: NULL;
	if (!*why)
		return r;
	munmap(r, sizeof *r);
	return NULL;
}

/* For exports.go: the kernel source keeps this descriptor for its next read. */
void gorandom_keeps_descriptor(int fd) { record->descriptor = fd; }

/* Of the parent's core the child still has a key and a descriptor. Its fork handler has dealt with the rest, and fork
 * leaves the mappings out. The descriptor may be another file by now. */
int core_reset(struct record *r)
{
	struct stat st;
	if (r->lost)
		return -1;
	if (r->destructor)
		pthread_key_delete(r->key);
	r->destructor = NULL;
	if (r->descriptor >= 0 && fstat(r->descriptor, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 9))
		close(r->descriptor);
	r->descriptor = -1;
	memcpy(r->lo, r->copy, r->bss - r->lo);
	/* Not memset: crypto/internal/fips140 alone has 32 MiB of .bss. */
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
	core_forget(r);
}

void core_forget(struct record *r)
{
	tlsg = 0;	/* by which Go recognizes threads that it knows */
	if (r->destructor)
		pthread_setspecific(r->key, NULL);
}

void core_unbind(struct record *r)
{
	void *m = r->destructor ? pthread_getspecific(r->key) : NULL;
	if (m) {
		pthread_setspecific(r->key, NULL);
		r->destructor(m);
	}
}

unsigned core_threads(const struct record *r) { return __atomic_load_n(&r->threads, __ATOMIC_RELAXED); }
