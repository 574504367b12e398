// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "slurm_pusher/clock.h"
#include "slurm_pusher/worker.h"

/* A job that waits to be let go, and tells when it has gone. */
struct gate {
	sem_t entered, go;
	bool done;
	pthread_t thread;
	sigset_t blocked;
};

static struct gate gate;

static int pass_gate(void *ctx, struct err *err)
{
	struct gate *g = ctx;

	(void)err;
	g->thread = pthread_self();
	pthread_sigmask(SIG_BLOCK, NULL, &g->blocked);
	sem_post(&g->entered);
	sem_wait(&g->go);
	g->done = true;
	return 42;
}

static int fail_as_told(void *ctx, struct err *err)
{
	return err_set(err, *(int *)ctx, "told to");
}

static int told = ERR_IO;

static int set_up(void **state)
{
	struct worker *w;

	gate = (struct gate){ .done = false };
	sem_init(&gate.entered, 0, 0);
	sem_init(&gate.go, 0, 0);
	if (worker_new(&w, NULL) < 0)
		return -1;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	return worker_free(*state, 10000) ? 0 : -1;
}

static bool has_ended(struct worker *w, int timeout_ms)
{
	struct pollfd fd = { .fd = worker_fd(w), .events = POLLIN };

	return poll(&fd, 1, timeout_ms) == 1;
}

static void runs_a_job_beside_the_caller(void **state)
{
	struct worker *w = *state;
	struct err err = { 0 };
	int result = 0;

	assert_true(worker_start(w, pass_gate, &gate));
	sem_wait(&gate.entered);
	assert_false(pthread_equal(gate.thread, pthread_self()));
	assert_false(has_ended(w, 0));
	assert_false(worker_finish(w, &result, &err));

	sem_post(&gate.go);
	assert_true(has_ended(w, 10000));
	assert_true(worker_finish(w, &result, &err));
	assert_int_equal(result, 42);
	assert_int_equal(err.code, 0);
}

static void gives_each_result_once(void **state)
{
	struct worker *w = *state;
	int result;

	assert_false(worker_finish(w, &result, NULL));
	for (int i = 0; i < 100; i++) {
		struct err err = { 0 };

		assert_true(worker_start(w, fail_as_told, &told));
		assert_true(has_ended(w, 10000));
		assert_true(worker_finish(w, &result, &err));
		assert_int_equal(result, ERR_IO);
		assert_string_equal(err.text, "told to");
		assert_false(has_ended(w, 0));
		assert_false(worker_finish(w, &result, &err));
	}
}

static void takes_one_job_at_a_time(void **state)
{
	struct worker *w = *state;
	int result;

	assert_false(worker_is_busy(w));
	assert_true(worker_start(w, pass_gate, &gate));
	assert_true(worker_is_busy(w));
	assert_false(worker_start(w, fail_as_told, &told));

	sem_post(&gate.go);
	assert_true(has_ended(w, 10000));
	assert_false(worker_start(w, fail_as_told, &told));
	assert_true(worker_finish(w, &result, NULL));
	assert_int_equal(result, 42);
	assert_false(worker_is_busy(w));
}

static void leaves_signals_to_the_caller(void **state)
{
	struct worker *w = *state;
	sigset_t ours;

	assert_true(worker_start(w, pass_gate, &gate));
	sem_wait(&gate.entered);
	sem_post(&gate.go);
	assert_true(sigismember(&gate.blocked, SIGTERM));
	assert_true(sigismember(&gate.blocked, SIGCHLD));
	pthread_sigmask(SIG_BLOCK, NULL, &ours);
	assert_false(sigismember(&ours, SIGTERM));
}

static void is_freed_without_ever_having_worked(void **state)
{
	struct worker *w;

	(void)state;
	assert_int_equal(worker_new(&w, NULL), 0);
	assert_true(worker_free(w, 0));
	assert_true(worker_free(NULL, 0));
}

static void *open_the_gate_later(void *arg)
{
	(void)arg;
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	sem_post(&gate.go);
	return NULL;
}

static void waits_with_patience_for_the_last_job(void **state)
{
	struct worker *w = *state;
	pthread_t opener;

	assert_true(worker_start(w, pass_gate, &gate));
	pthread_create(&opener, NULL, open_the_gate_later, NULL);
	*state = NULL;
	assert_true(worker_free(w, 10000));
	assert_true(gate.done);
	pthread_join(opener, NULL);
}

static bool closes_within(int fd, int64_t patience_ms)
{
	int64_t deadline_ms = clock_mono_ms() + patience_ms;

	while (fcntl(fd, F_GETFD) >= 0 && clock_mono_ms() < deadline_ms)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return fcntl(fd, F_GETFD) < 0;
}

static void leaves_a_stuck_job_behind_with_what_it_uses(void **state)
{
	struct worker *w = *state;
	int fd = worker_fd(w);

	assert_true(worker_start(w, pass_gate, &gate));
	sem_wait(&gate.entered);
	*state = NULL;
	int64_t before = clock_mono_ms();
	assert_false(worker_free(w, 20));
	assert_in_range(clock_mono_ms() - before, 15, 5000);
	assert_false(gate.done);
	assert_false(closes_within(fd, 0));

	sem_post(&gate.go);
	assert_true(closes_within(fd, 10000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(runs_a_job_beside_the_caller, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gives_each_result_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(takes_one_job_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_signals_to_the_caller, set_up, tear_down),
		cmocka_unit_test(is_freed_without_ever_having_worked),
		cmocka_unit_test_setup_teardown(waits_with_patience_for_the_last_job, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(leaves_a_stuck_job_behind_with_what_it_uses, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
