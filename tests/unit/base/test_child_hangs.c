// SPDX-License-Identifier: Apache-2.0
/* Commands that do not just run and exit: they hang, leave others behind, cannot die. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <time.h>

#include "run.h"

/* Whether that process ends soon; a zombie that nobody reaps has ended. */
static bool is_gone(pid_t pid)
{
	char name[64], of_process = 0;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < RUN_STEPS; i++) {
		FILE *f = fopen(name, "re");

		if (!f || fscanf(f, "%*d (%*[^)]) %c", &of_process) != 1)
			of_process = 'X';
		if (f)
			fclose(f);
		if (strchr("XZ", of_process))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return false;
}

/* The process id that the script prints as its first line. */
static pid_t first_pid(void)
{
	run_until("\n");
	return atoi(buf_text(&run.output));
}

static void is_killed_at_the_deadline_with_its_whole_group(void **state)
{
	(void)state;
	run_script("sleep 60 & echo $!; kill -STOP $$");
	pid_t grandchild = first_pid();
	assert_false(child_step(run.child, RUN_DEADLINE_MS - 1));
	run_finish(RUN_DEADLINE_MS);
	run_check(ERR_TIMEOUT, "timed out after 30000 ms");
	assert_true(is_gone(grandchild));
}

static void says_at_the_deadline_what_it_complained_of(void **state)
{
	(void)state;
	run_script("echo 'unable to contact controller' >&2; echo a; exec sleep 60");
	run_until("a");
	run_finish(RUN_DEADLINE_MS + 5);
	run_check(ERR_TIMEOUT, "timed out after 30005 ms: unable to contact controller");
}

static void kills_what_a_good_command_left_running(void **state)
{
	(void)state;
	run_script("sleep 60 >&- 2>&- & echo $!");
	run_finish(0);
	run_check(0, "");
	assert_true(is_gone(atoi(buf_text(&run.output))));
}

static void is_killed_when_it_is_freed(void **state)
{
	(void)state;
	run_script("echo $$; kill -STOP $$");
	pid_t pid = first_pid();
	child_free(run.child);
	run.child = NULL;
	assert_true(is_gone(pid));
	child_free(NULL);
}

static void waits_for_a_grandchild_that_holds_the_output(void **state)
{
	(void)state;
	run_script("(sleep 0.05; echo late) & echo early");
	run_finish(0);
	run_check(0, "");
	assert_string_equal(buf_text(&run.output), "early\nlate\n");
}

static void wait_for_its_exit(void)
{
	siginfo_t info;

	waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
}

static void waits_for_such_a_grandchild_until_the_deadline(void **state)
{
	(void)state;
	run_script("sleep 60 & echo $!");
	pid_t grandchild = first_pid();
	wait_for_its_exit();
	assert_false(child_step(run.child, RUN_DEADLINE_MS - 1));
	run_finish(RUN_DEADLINE_MS);
	run_check(ERR_TIMEOUT, "timed out after 30000 ms (it exited, but another process held its "
			       "output open)");
	assert_true(is_gone(grandchild));
}

static void does_not_wait_for_who_only_holds_standard_error(void **state)
{
	(void)state;
	run_script("sleep 60 >&- & echo oops >&2; exit 2");
	run_finish(0);
	run_check(ERR_FAILED, "exit status 2: oops");
}

static void stops_listening_to_who_left_the_group(void **state)
{
	(void)state;
	run_script("setsid sh -c 'echo $$; exec sleep 60' &");
	pid_t fugitive = first_pid();
	run_finish(RUN_DEADLINE_MS);
	int rc = kill(fugitive, SIGKILL);
	assert_int_equal(rc, 0);
	assert_int_equal(child_result(run.child)->err.code, ERR_TIMEOUT);
}

static void waits_for_the_exit_after_the_pipes_are_closed(void **state)
{
	(void)state;
	run_script("exec >&- 2>&-; sleep 0.05; exit 4");
	run_finish(0);
	run_check(ERR_FAILED, "exit status 4");
}

static void waits_for_such_an_exit_until_the_deadline(void **state)
{
	struct pollfd fds[2];

	(void)state;
	run_script("exec >&- 2>&-; exec sleep 60");
	for (int i = 0; i < RUN_STEPS && child_pollfds(run.child, fds) > 0; i++) {
		run_wait();
		assert_false(child_step(run.child, 0));
	}
	assert_int_equal(child_pollfds(run.child, fds), 0);
	run_finish(RUN_DEADLINE_MS);
	run_check(ERR_TIMEOUT, "timed out after 30000 ms");
}

/* Keeps a process from being reaped by its parent, as a sick disk does: what dies under a
 * tracer is a zombie for the tracer first. Returns the tracer, or 0 if that is forbidden. */
static pid_t hold(pid_t pid)
{
	int fds[2];
	char answer = 0;

	assert_int_equal(pipe(fds), 0);
	pid_t tracer = fork();
	if (tracer == 0) {
		answer = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 ? 'y' : 'n';
		if (write(fds[1], &answer, 1) == 1)
			sleep(60);
		_exit(0);
	}
	assert_int_equal(read(fds[0], &answer, 1), 1);
	close(fds[0]);
	close(fds[1]);
	if (answer == 'y')
		return tracer;
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	return 0;
}

static void let_go(pid_t tracer)
{
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
}

static void does_not_block_on_a_process_that_cannot_die(void **state)
{
	(void)state;
	run_script("echo $$; exec sleep 60");
	pid_t tracer = hold(first_pid());
	if (tracer == 0)
		skip();
	assert_int_equal(child_deadline_ms(run.child), RUN_DEADLINE_MS);
	for (int i = 0; i < 5; i++) {
		int64_t now_ms = RUN_DEADLINE_MS + i * 100;

		assert_false(child_step(run.child, now_ms));
		assert_in_range(child_deadline_ms(run.child), now_ms + 1, now_ms + 1000);
		run_wait();
	}
	let_go(tracer);
	run_finish(RUN_DEADLINE_MS + 500);
	run_check(ERR_TIMEOUT, "timed out after 30000 ms");
	assert_int_equal(child_result(run.child)->duration_ms, RUN_DEADLINE_MS + 500);
}

static void is_left_behind_when_it_cannot_die(void **state)
{
	(void)state;
	run_script("echo $$; exec sleep 60");
	pid_t pid = first_pid();
	pid_t tracer = hold(pid);
	if (tracer == 0)
		skip();
	child_free(run.child);
	run.child = NULL;
	let_go(tracer);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_TEST(is_killed_at_the_deadline_with_its_whole_group),
		RUN_TEST(says_at_the_deadline_what_it_complained_of),
		RUN_TEST(kills_what_a_good_command_left_running),
		RUN_TEST(is_killed_when_it_is_freed),
		RUN_TEST(waits_for_a_grandchild_that_holds_the_output),
		RUN_TEST(waits_for_such_a_grandchild_until_the_deadline),
		RUN_TEST(does_not_wait_for_who_only_holds_standard_error),
		RUN_TEST(stops_listening_to_who_left_the_group),
		RUN_TEST(waits_for_the_exit_after_the_pipes_are_closed),
		RUN_TEST(waits_for_such_an_exit_until_the_deadline),
		RUN_TEST(does_not_block_on_a_process_that_cannot_die),
		RUN_TEST(is_left_behind_when_it_cannot_die),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
