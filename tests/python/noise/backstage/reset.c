/* core/reset.c, over a library in memory of the test. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct stat;
static int look_at(int, struct stat *), close_it(int), delete_key(unsigned), set_it(unsigned, const void *);
static void *get_it(unsigned);
static int unmap(void *, size_t);
#define fstat look_at
#define close close_it
#define pthread_key_delete delete_key
#define pthread_setspecific set_it
#define pthread_getspecific get_it
#define munmap unmap
#define __ehdr_start image_start
#include "core/reset.c"
#undef fstat
#undef close

enum { PAGES = 16, P = 4096 };
static struct { ElfW(Ehdr) header; ElfW(Phdr) part[4]; } image __asm__("image_start") __attribute__((used));
__thread uintptr_t tlsg;
struct record *record;
static char *memory;	/* of the library */
static int fixed_fails, copy_fails, advice_fails, unmaps;

void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	if ((flags & MAP_FIXED ? fixed_fails : copy_fails && n != sizeof(struct record)))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

static int unmap(void *at, size_t n)
{
	unmaps++;
	return (int)syscall(SYS_munmap, at, n);
}

int advise_secret(void *p, size_t n, int advice)
{
	CHECK(advice == MADV_WIPEONFORK);
	return advice_fails || madvise(p, n, MADV_DONTDUMP) || madvise(p, n, advice) ? -1 : 0;
}

static ElfW(Phdr) part(unsigned type, unsigned flags, uintptr_t at, size_t file, size_t size)
{
	return (ElfW(Phdr)){.p_type = type, .p_flags = flags, .p_vaddr = (uintptr_t)memory + at - (uintptr_t)&image, .p_filesz = file, .p_memsz = size};
}

/* As the linker lays it out: code, then data whose first page is RELRO, and zeros after what the file has. */
static void lay_out(void)
{
	image.header.e_phoff = (uintptr_t)image.part - (uintptr_t)&image;
	image.header.e_phnum = 3;
	image.part[0] = part(PT_LOAD, PF_R | PF_X, 0, 4 * P, 4 * P);
	image.part[1] = part(PT_LOAD, PF_R | PF_W, 4 * P + 256, 3 * P, 8 * P);
	image.part[2] = part(PT_GNU_RELRO, PF_R, 4 * P + 256, P - 256, P - 256);
	image.part[3] = part(PT_LOAD, PF_R | PF_W, 14 * P, 8, 8);
	for (int i = 0; i < PAGES * P; i++)
		memory[i] = i < 7 * P + 256 ? (char)(i / 7 + 1) : 0;
}

static void layouts(void)
{
	struct record r = {.lo = NULL};
	lay_out();
	CHECK(find_writable(&r) == 0 && r.lo == memory + 5 * P && r.bss == memory + 8 * P && r.hi == memory + 13 * P);
	image.header.e_phnum = 4;
	CHECK(find_writable(&r) == -1);	/* two of them */
	image.header.e_phnum = 1;
	CHECK(find_writable(&r) == -1);
	lay_out();
	image.part[2] = part(PT_GNU_RELRO, PF_R, 4 * P, 4 * P, 4 * P);	/* past what the file gives */
	CHECK(find_writable(&r) == 0 && r.lo == memory + 8 * P && r.bss == memory + 8 * P && r.hi == memory + 13 * P);
	image.part[2] = part(PT_GNU_RELRO, PF_R, 0, 0, 0);
	CHECK(find_writable(&r) == 0 && r.lo == memory + 4 * P);
	lay_out();
}

static void refusals(void)
{
	const char *why = NULL;
	unsigned threads;
	lay_out();
	image.header.e_phnum = 1;
	CHECK(!core_map(&threads, &why) && strstr(why, "laid out") && unmaps == 1);
	lay_out();
	copy_fails = 1;
	CHECK(!core_map(&threads, &why) && strstr(why, "fork wipes"));
	copy_fails = 0;
	fixed_fails = 1;
	CHECK(!core_map(&threads, &why) && strstr(why, "fork wipes"));
	fixed_fails = 0;
	advice_fails = 1;
	CHECK(!core_map(&threads, &why) && strstr(why, "fork wipes") && unmaps == 4);
	advice_fails = 0;
}

static int closed, deleted, sets, destroyed;
static const void *value;
static mode_t type;
static dev_t number;

static int look_at(int fd, struct stat *st)
{
	*st = (struct stat){.st_mode = type, .st_rdev = number};
	return fd == 7 ? 0 : -1;
}

static int close_it(int fd)
{
	CHECK(fd == 7);
	closed++;
	return 0;
}

static int delete_key(unsigned key)
{
	CHECK(key == 3);
	deleted++;
	return 0;
}

static int set_it(unsigned key, const void *new)
{
	CHECK(key == 3);
	value = new;
	sets++;
	return 0;
}

static void *get_it(unsigned key)
{
	CHECK(key == 3);
	return (void *)(uintptr_t)value;
}

static void destructor(void *m)
{
	CHECK(m && !value);	/* Go's destructor looks at the key again */
	destroyed++;
}

static int keeps(struct record *r, mode_t its_type, dev_t its_number)
{
	type = its_type;
	number = its_number;
	closed = 0;
	r->descriptor = 7;
	CHECK(core_reset(r) == 0 && r->descriptor == -1);
	return !closed;
}

static void resets(void)
{
	static char before[PAGES * P];
	const char *why = NULL;
	unsigned threads = 1;
	lay_out();
	memcpy(before, memory, sizeof before);
	struct record *r = core_map(&threads, &why);
	CHECK(r && !why && r->nthreads == &threads && r->descriptor == -1 && !memcmp(before, memory, sizeof before));
	pid_t pid = fork();
	if (!pid) {
		for (char *p = r->lo; p < r->hi; p++)	/* whatever Go had there */
			CHECK(!*p);
		CHECK(!memcmp(before, memory, 5 * P));
		memset(r->bss, 1, (size_t)(r->hi - r->bss));
		core_child(r);
		CHECK(core_reset(r) == 0 && !memcmp(before, memory, sizeof before));
		_exit(0);
	}
	int status = 1;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(!memcmp(before, memory, sizeof before));

	/* Only the core's own descriptor of /dev/urandom is closed. Its number may be another file's by now. */
	CHECK(!keeps(r, S_IFCHR, makedev(1, 9)) && closed == 1);
	CHECK(keeps(r, S_IFREG, makedev(1, 9)) && keeps(r, S_IFCHR, makedev(1, 8)) && keeps(r, S_IFCHR, makedev(5, 9)));
	r->descriptor = 8;	/* closed already */
	CHECK(core_reset(r) == 0 && r->descriptor == -1);
	record = r;
	gorandom_keeps_descriptor(7);
	CHECK(r->descriptor == 7);

	/* A thread's binding, and Go's key that holds it. */
	CHECK(!deleted && !sets);
	core_unbind(r);
	core_forget(r);
	CHECK(!sets && !destroyed);
	r->key = 3;
	r->destructor = destructor;
	core_unbind(r);
	CHECK(!sets && !destroyed);
	value = r;
	core_unbind(r);
	CHECK(sets == 1 && destroyed == 1 && !value);
	value = r;
	tlsg = 5;
	core_forget(r);
	CHECK(!value && !tlsg && destroyed == 1);
	r->lost = 1;
	memory[9 * P] = 1;
	CHECK(core_reset(r) == -1 && !deleted && memory[9 * P] == 1);
	r->lost = 0;
	CHECK(core_reset(r) == 0 && deleted == 1 && !r->destructor && !memory[9 * P]);
	CHECK(core_reset(r) == 0 && deleted == 1);

	core_prepare(r);
	CHECK(pthread_mutex_trylock(&r->lock));
	core_parent(r);
	CHECK(!pthread_mutex_trylock(&r->lock));
	r->threads = r->sleepers = r->called = 4;
	r->on_their_way = 2;
	r->spare = (struct span){1, 2};
	tlsg = 5;
	core_child(r);
	CHECK(!pthread_mutex_trylock(&r->lock) && !core_threads(r) && !r->sleepers && !r->called && !r->on_their_way);
	CHECK(!r->spare.lo && !r->spare.hi && !tlsg);
}

int main(void)
{
	memory = mmap(NULL, PAGES * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	layouts();
	refusals();
	resets();
	return 0;
}
