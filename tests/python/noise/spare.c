/* The core's memory.c, with a system that gives mappings until the test makes it refuse. Prints what Go then gets: a
 * line for each thing that it may ask for. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define mmap __wrap_mmap	/* as by --wrap in the library */
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
#include "../../../pyext/core/memory.c"

static int refuses;

void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (refuses) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

static char *ask(const char *what, void *at, size_t n, int prot, int flags)
{
	char *p = mmap(at, n, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (p == MAP_FAILED)
		printf("%s: none\n", what);
	else if (at && p != at)
		printf("%s: elsewhere\n", what);
	else {
		int zero = p[0] == 0 && p[n - 1] == 0;
		memset(p, 1, n);
		printf("%s: %s\n", what, zero ? "zeros" : "used memory");
	}
	return p;
}

static int is_mapped(void *p) { return msync(p, 4096, MS_ASYNC) == 0; }

int main(void)
{
	static struct record r = {.lock = PTHREAD_MUTEX_INITIALIZER, .descriptor = -1};
	enum { CHUNK = 256 << 10 };

	record = &r;
	keep_spare(&r);
	char *reserved = mmap(NULL, 4 * CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *free = (char *)syscall(SYS_mmap, NULL, CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(free, CHUNK);

	refuses = 1;
	ask("of what was reserved", reserved + CHUNK, CHUNK, PROT_READ | PROT_WRITE, MAP_FIXED);
	ask("of what is not mapped", free, CHUNK, PROT_READ | PROT_WRITE, MAP_FIXED);
	char *first = ask("first", NULL, CHUNK, PROT_READ | PROT_WRITE, 0);
	for (int i = 1; i < 4; i++)
		ask("more", NULL, CHUNK, PROT_READ | PROT_WRITE, 0);
	ask("too much", NULL, CHUNK, PROT_READ | PROT_WRITE, 0);

	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		_exit(is_mapped(reserved + CHUNK) || is_mapped(first));
	int status;
	waitpid(child, &status, 0);
	printf("in a child: %s\n", status ? "some" : "none");
	return 0;
}
