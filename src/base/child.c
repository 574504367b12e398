// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/child.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

enum {
	READ_SIZE = 64 << 10,
	READS_PER_STEP = 4, /* of each pipe: a flood must not keep the caller */
	HEAD_SIZE = 1024,
	REAP_AGAIN_MS = 50,
	FREE_PATIENCE_MS = 100,
};

enum child_state { CHILD_RUNNING, CHILD_KILLED, CHILD_OVER };

struct child {
	enum child_state state;
	struct process process; /* descriptors are -1 once closed */
	int64_t started_ms;
	int64_t step_by_ms;
	size_t max_output_bytes;
	child_sink *sink;
	void *sink_ctx;
	size_t head_len;
	char head[HEAD_SIZE]; /* of standard error, NUL after it */
	struct child_result result;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int child_start(struct child **out, const struct child_options *options, int64_t now_ms,
		struct err *err)
{
	struct child *c = malloc(sizeof(*c));

	if (!c)
		return err_set(err, ERR_NOMEM, "%s: no memory to start it", options->argv[0]);
	*c = (struct child){
		.started_ms = now_ms,
		.step_by_ms = options->deadline_ms,
		.max_output_bytes = options->max_output_bytes,
		.sink = options->sink,
		.sink_ctx = options->sink_ctx,
	};
	int rc = process_spawn(options, &c->process, err);
	if (rc < 0) {
		free(c);
		return rc;
	}
	*out = c;
	return 0;
}

static int take_output(struct child *c, const char *bytes, size_t n)
{
	struct child_result *result = &c->result;

	result->output_bytes += n;
	if (result->output_bytes > c->max_output_bytes)
		return err_set(&result->err, ERR_LIMIT, "more than %zu bytes of output",
			       c->max_output_bytes);
	int rc = c->sink(c->sink_ctx, bytes, n, &result->err);
	if (rc < 0)
		result->err.code = rc;
	return rc;
}

static int take_error(struct child *c, const char *bytes, size_t n)
{
	size_t room = sizeof(c->head) - 1 - c->head_len;

	if (n > room)
		n = room;
	memcpy(c->head + c->head_len, bytes, n);
	c->head_len += n;
	return 0;
}

/* Reads what is there, within bounds, and closes the pipe at its end. */
static int read_pipe(struct child *c, int *fd, int (*take)(struct child *, const char *, size_t))
{
	char bytes[READ_SIZE];

	for (int i = 0; *fd >= 0 && i < READS_PER_STEP; i++) {
		ssize_t n = read(*fd, bytes, sizeof(bytes));
		if (n == 0)
			close_fd(fd);
		else if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		else if (n < 0)
			return err_errno(&c->result.err, ERR_IO, errno, "cannot read its output");
		else if (take(c, bytes, (size_t)n) < 0)
			return c->result.err.code;
	}
	return 0;
}

/* Leaves it unreaped: until then neither its id nor its group's is given to others. */
static bool has_exited(const struct child *c)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)c->process.pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == c->process.pid;
}

/* The first line of standard error, fit for a message; "" if there was none. */
static const char *first_line(struct child *c)
{
	char *line = c->head + strspn(c->head, " \t\r\n");
	char *end = c->head + c->head_len;

	for (char *at = line; at < end; at++) {
		if (*at == '\r' || *at == '\n')
			end = at;
		else if (iscntrl((unsigned char)*at))
			*at = ' ';
	}
	*end = '\0';
	return line;
}

static void fail(struct child *c, int code, const char *what)
{
	const char *line = first_line(c);

	err_set(&c->result.err, code, "%s%s%s", what, *line ? ": " : "", line);
}

static void fail_late(struct child *c, int64_t now_ms, bool exited)
{
	char what[128];

	snprintf(what, sizeof(what), "timed out after %" PRId64 " ms%s", now_ms - c->started_ms,
		 exited ? " (it exited, but another process held its output open)" : "");
	fail(c, ERR_TIMEOUT, what);
}

static void fail_status(struct child *c, int status)
{
	char what[128];

	if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(what, sizeof(what), "exit status %d", WEXITSTATUS(status));
	fail(c, ERR_FAILED, what);
}

/* Reads, and says whether there is nothing left to wait for. */
static bool child_watch(struct child *c, int64_t now_ms)
{
	/* Asked first: what it wrote before its end is then in the pipes. */
	bool exited = has_exited(c);

	if (read_pipe(c, &c->process.err_fd, take_error) < 0 ||
	    read_pipe(c, &c->process.out_fd, take_output) < 0)
		return true;
	if (exited && c->process.out_fd < 0)
		return true;
	if (now_ms < c->step_by_ms)
		return false;
	fail_late(c, now_ms, exited);
	return true;
}

static void child_kill(struct child *c)
{
	kill(-c->process.pid, SIGKILL);
	close_fd(&c->process.out_fd);
	close_fd(&c->process.err_fd);
	c->state = CHILD_KILLED;
}

/* False while the kernel still holds it in a system call that cannot be interrupted. */
static bool child_reap(struct child *c)
{
	struct rusage usage = { 0 };
	int status = 0;
	pid_t pid = wait4(c->process.pid, &status, WNOHANG, &usage);

	if (pid == 0)
		return false;
	c->state = CHILD_OVER;
	c->result.cpu_us = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
			   usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	if (c->result.err.code != 0)
		return true;
	if (pid < 0)
		err_errno(&c->result.err, ERR_IO, errno, "cannot learn how it ended");
	else if (status != 0)
		fail_status(c, status);
	return true;
}

bool child_step(struct child *c, int64_t now_ms)
{
	if (c->state == CHILD_RUNNING && child_watch(c, now_ms))
		child_kill(c);
	if (c->state != CHILD_KILLED)
		return c->state == CHILD_OVER;
	c->result.duration_ms = now_ms - c->started_ms;
	c->step_by_ms = now_ms + REAP_AGAIN_MS;
	return child_reap(c);
}

void child_free(struct child *c)
{
	static const struct timespec moment = { .tv_nsec = 1000000 };

	if (!c)
		return;
	if (c->state == CHILD_RUNNING)
		child_kill(c);
	for (int i = 0; c->state == CHILD_KILLED && !child_reap(c) && i < FREE_PATIENCE_MS; i++)
		nanosleep(&moment, NULL);
	free(c);
}

int child_pollfds(const struct child *c, struct pollfd fds[2])
{
	int n = 0;

	if (c->process.out_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = c->process.out_fd, .events = POLLIN };
	if (c->process.err_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = c->process.err_fd, .events = POLLIN };
	return n;
}

int64_t child_deadline_ms(const struct child *c)
{
	return c->step_by_ms;
}

const struct child_result *child_result(const struct child *c)
{
	return &c->result;
}
