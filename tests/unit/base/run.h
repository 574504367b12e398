// SPDX-License-Identifier: Apache-2.0
/*
 * run: a command under test. Its clock stands still at 0 unless a test moves it.
 *
 *	run_script("echo hello");
 *	run_finish(0);
 *	run_check(0, "");
 *	assert_string_equal(buf_text(&run.output), "hello\n");
 *
 * run_set_up and run_tear_down go around each test; the latter fails the test when a
 * process or a descriptor was left behind.
 */
#ifndef TESTS_BASE_RUN_H
#define TESTS_BASE_RUN_H

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/child.h"

enum { RUN_DEADLINE_MS = 30000, RUN_STEPS = 2000, RUN_STEP_MS = 10 };

static struct run {
	struct child_options options;
	struct child *child;
	struct buf output;
	int refusal; /* what the sink returns once it has something */
	int n_files;
} run;

static inline int run_take(void *ctx, const char *bytes, size_t n, struct err *err)
{
	struct run *r = ctx;

	buf_add(&r->output, bytes, n);
	return r->refusal < 0 ? err_set(err, r->refusal, "cannot read this") : 0;
}

static inline int run_count_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static inline int run_set_up(void **state)
{
	static const char *const no_environment[] = { NULL };

	(void)state;
	run = (struct run){
		.options = {
			.envp = no_environment,
			.path = "/usr/bin:/bin",
			.deadline_ms = RUN_DEADLINE_MS,
			.max_output_bytes = 64 << 20,
			.sink = run_take,
			.sink_ctx = &run,
		},
		.n_files = run_count_files(),
	};
	buf_init(&run.output, 64 << 20);
	return 0;
}

static inline int run_tear_down(void **state)
{
	(void)state;
	child_free(run.child);
	buf_done(&run.output);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		return -1;
	return run_count_files() == run.n_files ? 0 : -1;
}

/* Starts a command, in place of the one before. */
static inline int run_start(const char *const *argv, struct err *err)
{
	child_free(run.child);
	run.child = NULL;
	buf_clear(&run.output);
	run.options.argv = argv;
	int rc = child_start(&run.child, &run.options, 0, err);
	run.options.argv = NULL;
	return rc;
}

static inline void run_script(const char *script)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	assert_int_equal(run_start(argv, NULL), 0);
}

static inline void run_wait(void)
{
	struct pollfd fds[2];

	poll(fds, (nfds_t)child_pollfds(run.child, fds), RUN_STEP_MS);
}

/* Steps until it is over, at that time. */
static inline void run_finish(int64_t now_ms)
{
	for (int i = 0; i < RUN_STEPS; i++) {
		if (child_step(run.child, now_ms))
			return;
		run_wait();
	}
	fail_msg("the command is still not over");
}

/* Steps until its output contains the text. */
static inline void run_until(const char *text)
{
	for (int i = 0; i < RUN_STEPS && !strstr(buf_text(&run.output), text); i++) {
		assert_false(child_step(run.child, 0));
		run_wait();
	}
	assert_non_null(strstr(buf_text(&run.output), text));
}

static inline void run_check(int code, const char *text)
{
	const struct err *err = &child_result(run.child)->err;

	assert_string_equal(err->text, text);
	assert_int_equal(err->code, code);
}

#define RUN_TEST(test) cmocka_unit_test_setup_teardown(test, run_set_up, run_tear_down)

#endif
