// SPDX-License-Identifier: Apache-2.0
/*
 * child: one command, watched until it is over.
 *
 * The command is started without a shell, in a process group of its own, with
 * exactly the environment it is given, standard input from /dev/null, default
 * signal dispositions and an empty signal mask. Its standard output goes to a
 * sink as it comes; the head of its standard error is kept for the message;
 * the two never mix. It ends in one of these ways, and `result.err` tells which:
 *
 *   0            exit status 0, and the sink took everything
 *   ERR_FAILED   another exit status or a signal; the text has the status and
 *                the first line of standard error
 *   ERR_TIMEOUT  the deadline passed
 *   ERR_LIMIT    more standard output than allowed
 *   ERR_FORMAT   (or whatever the sink returned) the sink refused
 *   ERR_IO       reading failed
 *
 * In every one of them the whole process group has been killed (SIGKILL reaches
 * stopped processes too) and the command has been reaped before it is `over`;
 * a grandchild that keeps the pipe open is waited for until the deadline. One
 * that left the process group lives on, but nobody listens to it any more.
 *
 *	struct child *c;
 *	child_start(&c, &options, err);
 *	while (!child_step(c, clock_mono_ms()))
 *		poll(fds, child_pollfds(c, fds), ...);
 *	child_result(c)->err.code ...
 *	child_free(c);
 *
 * child_step() never blocks. The end of a process makes no descriptor readable
 * when it left its pipes to somebody else, so poll with SIGCHLD in a signalfd or
 * with a bounded wait. SIGCHLD must not be ignored: the kernel would throw the exit
 * status away (ERR_IO).
 */
#ifndef SLURM_PUSHER_CHILD_H
#define SLURM_PUSHER_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/err.h"

/* Takes standard output piece by piece; a negative return ends the command. */
typedef int child_sink(void *ctx, const char *bytes, size_t n, struct err *err);

struct child_options {
	const char *const *argv; /* argv[0] without a slash is looked up in `path` */
	const char *const *envp;
	const char *path;        /* directories, separated by colons */
	int64_t deadline_ms;     /* monotonic */
	size_t max_output_bytes; /* of standard output */
	child_sink *sink;
	void *sink_ctx;
};

struct child_result {
	struct err err;      /* code 0 when all went well */
	size_t output_bytes; /* of standard output */
	int64_t duration_ms;
	int64_t cpu_us; /* user and system time of the command and what it waited for */
};

struct child;

/* Starts it. Copies nothing: argv, envp and path must live until it returns.
 * ERR_IO (not found, not executable: the text says where it was looked for), ERR_NOMEM. */
int child_start(struct child **out, const struct child_options *options, int64_t now_ms,
		struct err *err);

/* Kills what still runs, reaps it, frees; NULL is fine. Does not wait longer than 100 ms
 * for a process that the kernel does not let die (a sick disk). */
void child_free(struct child *c);

/* What to poll; returns how many of the two are filled in. */
int child_pollfds(const struct child *c, struct pollfd fds[2]);

/* Reads what is there, looks at the deadline and at the process; true when over. */
bool child_step(struct child *c, int64_t now_ms);

/* When to call child_step() at the latest: at the deadline it was given; after that,
 * until it is over, again in a short while. */
int64_t child_deadline_ms(const struct child *c);

/* Valid once child_step() has returned true. */
const struct child_result *child_result(const struct child *c);

#endif
