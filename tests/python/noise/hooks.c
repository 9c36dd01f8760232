/* The hooks of guard/fork.c: in which order they run, at a fork() and in a child that bypassed the handlers. Output: a line
 * for each process, the child's first, with the places that ran. Hooks are registered in a different order. */
#define _GNU_SOURCE
#include <stdio.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/fork.c"
#include "guard/process.c"

static char line[4096];

static void say(const char *moment, enum fork_place place)
{
	size_t n = strlen(line);
	snprintf(line + n, sizeof line - n, "%s %d%s", moment, (int)place, fork_is_underway() ? "" : "!");
}

#define HOOK(place) \
	static void prepare_##place(void) { say(" prepare", place); } \
	static void parent_##place(void) { say(" parent", place); } \
	static void wipe_##place(void) { say(" wipe", place); } \
	static void child_##place(void) { say(" child", place); } \
	static struct fork_hook hook_##place = {place, prepare_##place, parent_##place, wipe_##place, child_##place, NULL};

HOOK(FORK_THREADS)
HOOK(FORK_LOCKS)
HOOK(FORK_NUMBERS)
HOOK(FORK_CORE)

static struct fork_hook second = {FORK_LOCKS, NULL, NULL, wipe_FORK_LOCKS, NULL, NULL};	/* another of that place, registered late */

static void fork_once(void)
{
	int done;
	pid_t pid = fork();
	if (!pid) {
		dprintf(1, "%s generation %u known %d\n", line, fork_generation, process->known == (uint64_t)getpid());
		_exit(0);
	}
	waitpid(pid, &done, 0);
	dprintf(1, "%s\n", line);
}

/* Like another library's child handler, before ours. Its child returns, too, and continues with the outer fork. */
static void fork_again(void)
{
	static int done;
	if (!done++)
		waitpid(fork(), NULL, 0);
}

int main(int argc, char **argv)
{
	if (process_init())
		return 2;
	if (argc > 1 && *argv[1])
		pages_wiped_at_fork = 0;	/* like a kernel that wipes nothing */
	fork_register(&hook_FORK_CORE);
	fork_register(&hook_FORK_NUMBERS);
	fork_register(&hook_FORK_THREADS);
	fork_register(&hook_FORK_LOCKS);
	if (argc > 2)
		pthread_atfork(NULL, NULL, fork_again);
	if (fork_init())
		return 2;
	fork_register(&second);
	fork_once();
	if (!pages_wiped_at_fork) {
		if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
			*line = 0;
			fork_check();
			dprintf(1, "%s known %d\n", line, process->known != 0);
			_exit(0);
		}
		waitpid(-1, NULL, 0);
	}
	return 0;
}
