// SPDX-License-Identifier: Apache-2.0
/*
 * process: the start of a command, in the surroundings that child.h promises it.
 * How it goes on and ends is in child.c.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <sys/types.h>

#include "slurm_pusher/child.h"

struct process {
	pid_t pid;  /* and its process group */
	int out_fd; /* our ends of its standard output and error; they do not block */
	int err_fd;
};

/* ERR_IO; nothing is left open then. */
int process_spawn(const struct child_options *options, struct process *out, struct err *err);

#endif
