// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "run.h"

static void gives_its_output_whole_and_apart_from_its_errors(void **state)
{
	struct buf expected;

	(void)state;
	run_script("seq 1 100000; echo oops >&2; seq 100001 300000");
	run_finish(0);
	run_check(0, "");
	buf_init(&expected, 64 << 20);
	for (int i = 1; i <= 300000; i++)
		buf_addf(&expected, "%d\n", i);
	assert_int_equal(run.output.len, expected.len);
	assert_int_equal(child_result(run.child)->output_bytes, expected.len);
	assert_memory_equal(run.output.ptr, expected.ptr, expected.len);
	buf_done(&expected);
}

static void says_how_it_ended(void **state)
{
	static const struct {
		const char *script;
		int code;
		const char *text;
	} cases[] = {
		{ "exit 0", 0, "" },
		{ "echo warning >&2; exit 0", 0, "" },
		{ "exit 3", ERR_FAILED, "exit status 3" },
		{ "echo oops >&2; exit 1", ERR_FAILED, "exit status 1: oops" },
		{ "printf 'oops' >&2; exit 1", ERR_FAILED, "exit status 1: oops" },
		{ "printf '\\r\\n \\noops\\r\\nmore\\n' >&2; exit 1", ERR_FAILED,
		  "exit status 1: oops" },
		{ "printf '\\033[1mo\\000o\\tps\\n' >&2; exit 1", ERR_FAILED,
		  "exit status 1:  [1mo o ps" },
		{ "printf ' \\n' >&2; exit 1", ERR_FAILED, "exit status 1" },
		{ "kill -TERM $$", ERR_FAILED, "killed by signal 15 (Terminated)" },
		{ "echo oops >&2; kill -KILL $$", ERR_FAILED, "killed by signal 9 (Killed): oops" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		run_script(cases[i].script);
		run_finish(0);
		run_check(cases[i].code, cases[i].text);
	}
}

static void ends_at_the_bound_on_output(void **state)
{
	(void)state;
	run.options.max_output_bytes = 100000;
	run_script("exec head -c 100000 /dev/zero");
	run_finish(0);
	run_check(0, "");
	assert_int_equal(run.output.len, 100000);

	run_script("exec head -c 100001 /dev/zero");
	run_finish(0);
	run_check(ERR_LIMIT, "more than 100000 bytes of output");
	assert_in_range(run.output.len, 0, 100000);

	run_script("exec yes");
	run_finish(0);
	run_check(ERR_LIMIT, "more than 100000 bytes of output");
}

static void ends_when_the_sink_refuses(void **state)
{
	(void)state;
	run.refusal = ERR_FORMAT;
	run_script("echo oops >&2; exec yes");
	run_finish(0);
	run_check(ERR_FORMAT, "cannot read this");
}

static void ends_when_reading_fails(void **state)
{
	struct pollfd fds[2];

	(void)state;
	run_script("echo a; exec sleep 60");
	run_until("a");
	int unreadable = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	child_pollfds(run.child, fds);
	dup2(unreadable, fds[0].fd);
	close(unreadable);
	run_finish(0);
	run_check(ERR_IO, "cannot read its output: Is a directory");
}

static void does_not_keep_the_caller_during_a_flood(void **state)
{
	(void)state;
	run_script("yes & exec yes >&2");
	for (int i = 0; i < 20; i++) {
		size_t before = run.output.len;

		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); /* it fills the pipe */
		assert_false(child_step(run.child, 0));
		assert_in_range(run.output.len - before, 0, 256 << 10);
	}
	run_until("y");
	run_finish(RUN_DEADLINE_MS);
	assert_int_equal(child_result(run.child)->err.code, ERR_TIMEOUT);
}

static void drains_any_amount_of_errors_and_keeps_the_head(void **state)
{
	char expected[sizeof(((struct err *)0)->text)] = "exit status 1: ";

	(void)state;
	run_script("printf %02000d 0 >&2; head -c 1000000 /dev/zero >&2; echo done; exit 1");
	run_finish(0);
	assert_string_equal(buf_text(&run.output), "done\n");
	memset(expected + strlen(expected), '0', sizeof(expected) - 1 - strlen(expected));
	run_check(ERR_FAILED, expected);
}

static void tells_how_long_it_took_and_what_it_cost(void **state)
{
	(void)state;
	run_script("sh -c 'while [ $((i += 1)) -lt 100000 ]; do :; done'; exit 0");
	run_finish(1234);
	run_check(0, "");
	assert_int_equal(child_result(run.child)->duration_ms, 1234);
	assert_in_range(child_result(run.child)->cpu_us, 5000, 60000000);

	run_script("sleep 0.1");
	run_finish(0);
	assert_in_range(child_result(run.child)->cpu_us, 0, 90000);
}

static void says_so_when_its_exit_status_was_thrown_away(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	run_script("exit 0");
	run_finish(0);
	signal(SIGCHLD, SIG_DFL);
	run_check(ERR_IO, "cannot learn how it ended: No child processes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_TEST(gives_its_output_whole_and_apart_from_its_errors),
		RUN_TEST(says_how_it_ended),
		RUN_TEST(ends_at_the_bound_on_output),
		RUN_TEST(ends_when_the_sink_refuses),
		RUN_TEST(ends_when_reading_fails),
		RUN_TEST(does_not_keep_the_caller_during_a_flood),
		RUN_TEST(drains_any_amount_of_errors_and_keeps_the_head),
		RUN_TEST(tells_how_long_it_took_and_what_it_cost),
		RUN_TEST(says_so_when_its_exit_status_was_thrown_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
