// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/log.h"

/* Standard error goes into a pipe that keeps each write apart (O_DIRECT). */
static int pipe_fd, real_stderr;
static char seen[16384];

static int64_t that_morning(void)
{
	return 1795417200007;
}

static int set_up(void **state)
{
	int fds[2];

	(void)state;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK | O_DIRECT) < 0)
		return -1;
	pipe_fd = fds[0];
	real_stderr = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	unsetenv("JOURNAL_STREAM");
	clock_replace(NULL, that_morning);
	log_open(LOG_LEVEL_DEBUG);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(pipe_fd);
	clock_replace(NULL, NULL);
	return 0;
}

/* What the next write brought, "" if there was none. */
static const char *next_write(void)
{
	ssize_t n = read(pipe_fd, seen, sizeof(seen) - 1);

	seen[n < 0 ? 0 : n] = '\0';
	return seen;
}

static void writes_a_line_with_time_level_message_and_fields(void **state)
{
	(void)state;
	log_warn("source failed", "source", "jobs", "err", "exit status 1", NULL);
	assert_string_equal(next_write(), "ts=2026-11-23T07:00:00.007Z level=warn "
					  "msg=\"source failed\" source=jobs "
					  "err=\"exit status 1\"\n");
	assert_string_equal(next_write(), "");
}

static void names_its_four_levels(void **state)
{
	(void)state;
	log_debug("a", NULL);
	assert_string_equal(next_write(), "ts=2026-11-23T07:00:00.007Z level=debug msg=a\n");
	log_info("b", NULL);
	assert_string_equal(next_write(), "ts=2026-11-23T07:00:00.007Z level=info msg=b\n");
	log_warn("c", NULL);
	assert_string_equal(next_write(), "ts=2026-11-23T07:00:00.007Z level=warn msg=c\n");
	log_error("d", NULL);
	assert_string_equal(next_write(), "ts=2026-11-23T07:00:00.007Z level=error msg=d\n");
}

static void keeps_levels_below_the_chosen_one_to_itself(void **state)
{
	(void)state;
	log_open(LOG_LEVEL_WARN);
	log_debug("a", NULL);
	log_info("b", NULL);
	assert_string_equal(next_write(), "");
	log_warn("c", NULL);
	assert_non_null(strstr(next_write(), "msg=c"));
	log_error("d", NULL);
	assert_non_null(strstr(next_write(), "msg=d"));
}

static void name_standard_error_as_journal(intmax_t offset)
{
	char text[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(text, sizeof(text), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino + (uintmax_t)offset);
	setenv("JOURNAL_STREAM", text, 1);
}

static void tells_the_journal_a_priority_instead_of_the_time(void **state)
{
	(void)state;
	name_standard_error_as_journal(0);
	log_open(LOG_LEVEL_DEBUG);
	log_debug("a", NULL);
	assert_string_equal(next_write(), "<7>level=debug msg=a\n");
	log_info("b", NULL);
	assert_string_equal(next_write(), "<6>level=info msg=b\n");
	log_warn("c", NULL);
	assert_string_equal(next_write(), "<4>level=warn msg=c\n");
	log_error("d", NULL);
	assert_string_equal(next_write(), "<3>level=error msg=d\n");
}

static void does_not_take_another_stream_for_the_journal(void **state)
{
	(void)state;
	name_standard_error_as_journal(1);
	log_open(LOG_LEVEL_DEBUG);
	log_warn("c", NULL);
	assert_string_equal(next_write(), "ts=2026-11-23T07:00:00.007Z level=warn msg=c\n");
}

static void quotes_what_could_be_taken_for_more_than_a_value(void **state)
{
	static const struct {
		const char *value, *field;
	} cases[] = {
		{ "plain-1.5/x:y", " k=plain-1.5/x:y" },
		{ "", " k=\"\"" },
		{ "two words", " k=\"two words\"" },
		{ "a=b", " k=\"a=b\"" },
		{ "say \"no\"", " k=\"say \\\"no\\\"\"" },
		{ "back\\slash", " k=\"back\\\\slash\"" },
		{ "x\nlevel=error", " k=\"x\\u000alevel=error\"" },
		{ "\033[31mred\177", " k=\"\\u001b[31mred\\u007f\"" },
		{ "caf\xc3\xa9", " k=\"caf\xc3\xa9\"" },
		{ "\xe2\x82\xac \xf0\x9f\x90\x9f", " k=\"\xe2\x82\xac \xf0\x9f\x90\x9f\"" },
		{ "\xc2\x9b", " k=\"\\u009b\"" },
		{ "latin \xe9t\xe9", " k=\"latin \\ufffdt\\ufffd\"" },
		{ "cut \xe2\x82", " k=\"cut \\ufffd\\ufffd\"" },
		{ "\xc0\xaf", " k=\"\\ufffd\\ufffd\"" },
		{ "\xe0\x80\xaf", " k=\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", " k=\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf5\x80\x80\x80", " k=\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf9\x80\x80\x80", " k=\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", " k=\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\x80", " k=\"\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf line;

		buf_init(&line, 1000);
		log_field(&line, "k", cases[i].value);
		assert_string_equal(buf_text(&line), cases[i].field);
		buf_done(&line);
	}
}

static char *fill(char *text, size_t n, char c)
{
	memset(text, c, n);
	text[n] = '\0';
	return text;
}

static void cuts_a_long_value_and_says_so(void **state)
{
	char text[5001];

	(void)state;
	log_warn("m", "k", fill(text, 1024, 'x'), "z", "1", NULL);
	assert_non_null(strstr(next_write(), "xxx z=1\n"));
	log_warn("m", "k", fill(text, 5000, 'x'), "z", "1", NULL);
	assert_non_null(strstr(next_write(), "xxx...\" z=1\n"));
	assert_in_range(strlen(seen), 1024, 1100);
	log_warn("m", "k", fill(text, 5000, '\001'), "z", "1", NULL);
	assert_non_null(strstr(next_write(), "\\u0001...\" z=1\n"));
	assert_in_range(strlen(seen), 1024, 1110);
}

static void keeps_a_line_within_a_bound_and_its_fields_whole(void **state)
{
	char text[1001];

	(void)state;
	fill(text, 1000, 'x');
	log_warn("m", "a", text, "b", text, "c", text, "d", text, "e", text, NULL);
	next_write();
	assert_in_range(strlen(seen), 3000, 4096);
	assert_non_null(strstr(seen, " d=xxx"));
	assert_null(strstr(seen, " e="));
	assert_string_equal(seen + strlen(seen) - 3, "xx\n");
	assert_string_equal(next_write(), "");
}

static void fills_a_line_to_the_last_byte(void **state)
{
	char text[1011], last[1025];
	size_t longest = 0;

	(void)state;
	fill(text, 1010, 'x');
	for (size_t n = 1000; n <= 1024; n++) {
		log_warn("m", "a", text, "b", text, "c", text, "d", fill(last, n, 'y'), NULL);
		next_write();
		assert_int_equal(seen[strlen(seen) - 1], '\n');
		if (strlen(seen) > longest)
			longest = strlen(seen);
		assert_string_equal(next_write(), "");
	}
	assert_int_equal(longest, 4096);
}

static void reads_level_names_in_either_case(void **state)
{
	static const struct {
		const char *text;
		bool known;
		enum log_level level;
	} cases[] = {
		{ "debug", true, LOG_LEVEL_DEBUG }, { "info", true, LOG_LEVEL_INFO },
		{ "warn", true, LOG_LEVEL_WARN },   { "warning", true, LOG_LEVEL_WARN },
		{ "error", true, LOG_LEVEL_ERROR }, { "DEBUG", true, LOG_LEVEL_DEBUG },
		{ "Info", true, LOG_LEVEL_INFO },   { "WARNING", true, LOG_LEVEL_WARN },
		{ "ERROR", true, LOG_LEVEL_ERROR }, { "", false, 0 },
		{ "warnings", false, 0 },           { "4", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum log_level level = 0;

		assert_int_equal(log_level_parse(cases[i].text, &level), cases[i].known);
		assert_int_equal(level, cases[i].level);
	}
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(writes_a_line_with_time_level_message_and_fields),
		LOG_TEST(names_its_four_levels),
		LOG_TEST(keeps_levels_below_the_chosen_one_to_itself),
		LOG_TEST(tells_the_journal_a_priority_instead_of_the_time),
		LOG_TEST(does_not_take_another_stream_for_the_journal),
		LOG_TEST(quotes_what_could_be_taken_for_more_than_a_value),
		LOG_TEST(cuts_a_long_value_and_says_so),
		LOG_TEST(keeps_a_line_within_a_bound_and_its_fields_whole),
		LOG_TEST(fills_a_line_to_the_last_byte),
		LOG_TEST(reads_level_names_in_either_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
