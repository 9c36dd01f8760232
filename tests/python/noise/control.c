/* What a fork under loader noise costs a program without gorandom. It forks as often as asked. Each child
 * makes eight threads, as many as a core does. It prints how many children died. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int noise_start(int, const char *);

static void *nothing(void *arg) { return arg; }

int main(int argc, char **argv)
{
	int died = 0, forks = argc > 2 ? atoi(argv[2]) : 0;

	if (noise_start(0, argv[1]))
		return 1;
	for (int i = 0; i < forks; i++) {
		pid_t child = fork();
		if (child == 0) {
			alarm(20);	/* a hang is a death too */
			pthread_t t[8];
			for (int k = 0; k < 8; k++)
				if (pthread_create(&t[k], NULL, nothing, NULL))
					_exit(2);
			for (int k = 0; k < 8; k++)
				pthread_join(t[k], NULL);
			_exit(0);
		}
		int status;
		if (child < 0 || waitpid(child, &status, 0) != child || status)
			died++;
	}
	printf("%d\n", died);
	fflush(stdout);
	_exit(0);
}
