// SPDX-License-Identifier: Apache-2.0
/*
 * A disk that does not answer: preloaded into a program, its fsync() takes as long as the file
 * $STUCK exists. $STUCK.seen comes into being with the first that has to wait.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int fsync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	const char *stuck = getenv("STUCK");
	char seen[4096];

	while (stuck && access(stuck, F_OK) == 0) {
		snprintf(seen, sizeof seen, "%s.seen", stuck);
		close(open(seen, O_WRONLY | O_CREAT, 0600));
		usleep(20000);
	}
	return real(fd);
}
