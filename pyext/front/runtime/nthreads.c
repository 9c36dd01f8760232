/* Finds glibc's count of this process's threads. pyext/core/threads.c says why it is needed.
 *
 * From glibc 2.34 on it is a symbol of libc. Before that it is private to libpthread, whose file still has the table of
 * all its symbols, because gdb needs that to find threads. An address found there is trusted only under three
 * conditions: the file is the one that is mapped, the address is writable and in that library, and it holds the number
 * of threads that the kernel reports. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/runtime.h"

#define NAME "__nptl_nthreads"
#define PATIENCE 100	/* looks; a thread that begins or ends is for a moment in only one of the two numbers */

/* A library as the loader has mapped it, its file's headers first. */
struct library {
	const char *base, *path;
	const ElfW(Phdr) *parts;
	unsigned count;
};

/* Does the file hold n items of this size from this offset on? */
static int holds(size_t file, uint64_t offset, uint64_t n, uint64_t size)
{
	return offset <= file && n <= (file - offset) / size;
}

/* Compares the notes, one of which is the build ID: the file may have been replaced since it was mapped. */
static int is_mapped(const struct library *l, const char *file, size_t n)
{
	int same = 0;
	for (const ElfW(Phdr) *p = l->parts; p < l->parts + l->count; p++) {
		if (p->p_type != PT_NOTE)
			continue;
		if (!holds(n, p->p_offset, p->p_filesz, 1) ||
				memcmp(file + p->p_offset, l->base + p->p_vaddr, p->p_filesz))
			return 0;
		same = 1;
	}
	return same;
}

static int is_writable(const struct library *l, uint64_t address)
{
	for (const ElfW(Phdr) *p = l->parts; p < l->parts + l->count; p++)
		if (p->p_type == PT_LOAD && (p->p_flags & PF_W) && address >= p->p_vaddr && address % sizeof(unsigned) == 0 &&
				holds(p->p_memsz, address - p->p_vaddr, 1, sizeof(unsigned)))
			return 1;
	return 0;
}

/* The symbol's value; 0: there is none, or more than one. */
static uint64_t look_up(const char *file, size_t n)
{
	const ElfW(Ehdr) *header = (const void *)file;
	if (n < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_shentsize != sizeof(ElfW(Shdr)) ||
			header->e_shoff % sizeof(void *) || !holds(n, header->e_shoff, header->e_shnum, sizeof(ElfW(Shdr))))
		return 0;
	const ElfW(Shdr) *sections = (const void *)(file + header->e_shoff);
	uint64_t value = 0;
	for (unsigned i = 0; i < header->e_shnum; i++) {
		const ElfW(Shdr) *table = &sections[i];
		if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum || table->sh_offset % sizeof(void *))
			continue;
		const ElfW(Shdr) *names = &sections[table->sh_link];
		if (!holds(n, table->sh_offset, table->sh_size, 1) || !holds(n, names->sh_offset, names->sh_size, 1))
			return 0;
		const ElfW(Sym) *symbols = (const void *)(file + table->sh_offset);
		for (size_t s = 0; s < table->sh_size / sizeof *symbols; s++) {
			if (!holds(names->sh_size, symbols[s].st_name, sizeof NAME, 1) ||
					memcmp(file + names->sh_offset + symbols[s].st_name, NAME, sizeof NAME))
				continue;
			if (value || symbols[s].st_size != sizeof(unsigned))
				return 0;
			value = symbols[s].st_value;
		}
	}
	return value;
}

/* The folder has one link for each thread, and two of its own. */
unsigned nthreads_of_kernel(void)
{
	struct stat st;
	return stat("/proc/self/task", &st) || st.st_nlink < 2 ? 0 : (unsigned)st.st_nlink - 2;
}

static int counts_threads(const unsigned *count)
{
	for (int i = 0; i < PATIENCE; i++) {
		unsigned threads = nthreads_of_kernel();
		if (!threads)
			return 0;
		if (threads == __atomic_load_n(count, __ATOMIC_ACQUIRE))
			return 1;
		sched_yield();
	}
	return 0;
}

static unsigned *in_file(const struct library *l)
{
	unsigned *found = NULL;
	struct stat st;
	int fd = open(l->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		size_t n = (size_t)st.st_size;
		char *file = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file != MAP_FAILED) {
			uint64_t value = is_mapped(l, file, n) ? look_up(file, n) : 0;
			if (value && is_writable(l, value))
				found = (unsigned *)(l->base + value);
			munmap(file, n);
		}
	}
	close(fd);
	return found && counts_threads(found) ? found : NULL;
}

unsigned *nthreads_find(void)
{
	unsigned *exported = dlsym(RTLD_DEFAULT, NAME);
	void *function = dlsym(RTLD_DEFAULT, "pthread_create");	/* it is in the library that counts */
	Dl_info info;

	if (exported)
		return *exported ? exported : NULL;
	if (!function || !dladdr(function, &info))
		return NULL;
	const ElfW(Ehdr) *header = info.dli_fbase;
	struct library l = {info.dli_fbase, info.dli_fname, (const void *)((const char *)header + header->e_phoff), header->e_phnum};
	return in_file(&l);
}
