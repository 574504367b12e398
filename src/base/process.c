// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_PIPE_SIZE = 1 << 20 };

/* Returns `name` if it has a slash, else where it was found (in `room`), else NULL. */
static const char *find_program(const char *name, const char *path, char room[PATH_MAX],
				struct err *err)
{
	const char *why = "not found";
	struct stat st;
	size_t n;

	if (strchr(name, '/'))
		return name;
	for (const char *dir = path; *dir != '\0'; dir += n + (dir[n] == ':')) {
		n = strcspn(dir, ":");
		int length = snprintf(room, PATH_MAX, "%.*s/%s", (int)n, dir, name);
		if (length >= PATH_MAX || stat(room, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (access(room, X_OK) == 0)
			return room;
		why = "not executable";
	}
	err_set(err, ERR_IO, "%s: %s in %s", name, why, path);
	return NULL;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Only our end does not block. Returns 0 or an errno. */
static int open_pipe(int *ours, int *theirs)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return errno;
	*ours = fds[0];
	*theirs = fds[1];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) < 0 ? errno : 0;
}

/* The command's standard streams; all else is closed by exec. */
static int set_streams(posix_spawn_file_actions_t *actions, int out_fd, int err_fd)
{
	int error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, out_fd, 1);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, err_fd, 2);
	return error;
}

static void set_signals(posix_spawnattr_t *attributes)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setsigmask(attributes, &none);
}

static int spawn(const struct child_options *options, const char *program, int out_fd, int err_fd,
		 pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETSIGMASK);
	set_signals(&attributes);
	posix_spawn_file_actions_init(&actions);
	int error = set_streams(&actions, out_fd, err_fd);
	if (error == 0)
		error = posix_spawn(pid, program, &actions, &attributes,
				    (char *const *)options->argv, (char *const *)options->envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

int process_spawn(const struct child_options *options, struct process *out, struct err *err)
{
	char room[PATH_MAX];
	const char *program = find_program(options->argv[0], options->path, room, err);
	int their_out = -1, their_err = -1;

	if (!program)
		return ERR_IO;
	*out = (struct process){ .out_fd = -1, .err_fd = -1 };
	int error = open_pipe(&out->out_fd, &their_out);
	if (error == 0)
		error = open_pipe(&out->err_fd, &their_err);
	if (error == 0)
		error = spawn(options, program, their_out, their_err, &out->pid);
	close_fd(&their_out);
	close_fd(&their_err);
	if (error == 0) {
		fcntl(out->out_fd, F_SETPIPE_SZ, OUTPUT_PIPE_SIZE); /* fewer wakes, if we may */
		return 0;
	}
	close_fd(&out->out_fd);
	close_fd(&out->err_fd);
	return err_errno(err, ERR_IO, error, "%s: cannot start", program);
}
