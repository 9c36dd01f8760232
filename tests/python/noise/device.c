/* Preloaded into a program in direct mode: decides what happens to reads of /dev/urandom, and to polls. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int device_reads;	/* how many there were */
int device_replaced;	/* in so many reads the descriptor becomes /dev/zero before they return */
int device_read_error, device_poll_error;	/* an errno, or 0; -1: the read gives nothing, as at a file's end */

static int is_urandom(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 9);
}

ssize_t read(int fd, void *b, size_t n)
{
	if (!is_urandom(fd))
		return syscall(SYS_read, fd, b, n);
	device_reads++;
	if (device_read_error < 0)
		return 0;
	if (device_read_error) {
		errno = device_read_error;
		return -1;
	}
	ssize_t k = syscall(SYS_read, fd, b, n);
	if (device_replaced) {
		device_replaced--;
		int zero = open("/dev/zero", O_RDONLY);
		dup2(zero, fd);
		close(zero);
	}
	return k;
}

int poll(struct pollfd *p, nfds_t n, int timeout)
{
	struct timespec t = {timeout / 1000, timeout % 1000 * 1000000L};
	if (device_poll_error) {
		errno = device_poll_error;
		device_poll_error = device_poll_error == EINTR ? 0 : device_poll_error;
		return -1;
	}
	return (int)syscall(SYS_ppoll, p, n, timeout < 0 ? NULL : &t, NULL, 0);
}
