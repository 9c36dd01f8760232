/* Preloaded: the program may use 16 processors on any machine. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *cpus)
{
	(void)pid;
	memset(cpus, 0, size);
	for (int i = 0; i < 16; i++)
		CPU_SET(i, cpus);
	return 0;
}
