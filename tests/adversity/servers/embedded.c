/* A C program with a Python inside, which forks by itself.
 *
 *     embedded WHEN HOOKS REPLIES FOLDER
 *
 * WHEN: "before-init", "after-init" (nothing imported), "after-draws". HOOKS: does the program tell Python of the
 * fork, as its manual asks of it? Many don't. Each of WORKERS children writes REPLIES answers into a file of its own,
 * and ends its interpreter. */
#include <Python.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 4

static int emit(const char *folder, const char *replies, int child)
{
	char code[1024];
	snprintf(code, sizeof code,
		 "import drawing\n"
		 "with open('%s/child%d', 'w') as f:\n"
		 "    drawing.emit(f, %s)\n",
		 folder, child, replies);
	int failed = PyRun_SimpleString(code);
	return Py_FinalizeEx() || failed ? 70 : 0;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 64;
	int initialized = strcmp(argv[1], "before-init") != 0, hooks = initialized && strcmp(argv[2], "hooks") == 0;
	if (initialized)
		Py_InitializeEx(0);
	if (strcmp(argv[1], "after-draws") == 0 && PyRun_SimpleString("import drawing; drawing.batch()"))
		return 70;
	for (int i = 0; i < WORKERS; i++) {
		if (hooks)
			PyOS_BeforeFork();
		pid_t pid = fork();
		if (pid < 0)
			return 71;
		if (pid == 0) {
			if (hooks)
				PyOS_AfterFork_Child();
			if (!initialized)
				Py_InitializeEx(0);
			_exit(emit(argv[4], argv[3], i));
		}
		if (hooks)
			PyOS_AfterFork_Parent();
	}
	int bad = 0;
	for (int i = 0; i < WORKERS; i++) {
		int status;
		if (wait(&status) < 0 || status != 0) {
			fprintf(stderr, "a child's wait status: %d\n", status);
			bad = 1;
		}
	}
	if (!initialized)
		Py_InitializeEx(0);
	/* The parent goes on drawing. */
	int end = emit(argv[4], argv[3], WORKERS);
	return bad ? 72 : end;
}
