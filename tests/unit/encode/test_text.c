// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "slurm_pusher/encode.h"

static void expect_text(const struct sample *samples, size_t n, const char *expected)
{
	const struct snapshot s = { 1000, (struct sample *)samples, n, n };
	struct buf out;

	buf_init(&out, 4096);
	encode_text(&s, &out);
	assert_int_equal(out.failed, 0);
	assert_string_equal(buf_text(&out), expected);
	buf_done(&out);
}

static void escapes_what_the_format_gives_a_meaning(void **state)
{
	static const struct {
		const char *help, *value, *text;
	} cases[] = {
		{ "Jobs.", "debug", "# HELP m Jobs.\n# TYPE m gauge\nm{l=\"debug\"} 1\n" },
		{ "a\\b", "a\\b", "# HELP m a\\\\b\n# TYPE m gauge\nm{l=\"a\\\\b\"} 1\n" },
		{ "a\nb", "a\nb", "# HELP m a\\nb\n# TYPE m gauge\nm{l=\"a\\nb\"} 1\n" },
		{ "a\"b", "a\"b", "# HELP m a\"b\n# TYPE m gauge\nm{l=\"a\\\"b\"} 1\n" },
		{ "\\n", "\\n", "# HELP m \\\\n\n# TYPE m gauge\nm{l=\"\\\\n\"} 1\n" },
		{ "\n\n", "\"\"", "# HELP m \\n\\n\n# TYPE m gauge\nm{l=\"\\\"\\\"\"} 1\n" },
		{ "caf\xc3\xa9", "{=,}",
		  "# HELP m caf\xc3\xa9\n# TYPE m gauge\nm{l=\"{=,}\"} 1\n" },
		{ "", "x", "# TYPE m gauge\nm{l=\"x\"} 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct family family = { "m", cases[i].help, METRIC_GAUGE, 0 };
		const struct label label = { "l", cases[i].value };
		const struct series series = { &family, &label, 1, 0, 1 };
		const struct sample sample = { &series, 1 };

		expect_text(&sample, 1, cases[i].text);
	}
}

static void describes_a_family_once_and_gives_no_timestamps(void **state)
{
	const struct family jobs = { "slurm_jobs", "Jobs.", METRIC_GAUGE, 0 };
	const struct family errors = { "slurm_errors_total", "Errors.", METRIC_COUNTER, 1 };
	const struct label a[] = { { "cluster", "c" }, { "state", "failed" } };
	const struct label b[] = { { "cluster", "c" }, { "state", "running" } };
	const struct series series[] = {
		{ &jobs, a, 2, 0, 1 },
		{ &jobs, b, 2, 1, 2 },
		{ &errors, NULL, 0, 2, 3 },
	};
	const struct sample samples[] = { { &series[0], 0 },
					  { &series[1], 2.5 },
					  { &series[2], 7 } };

	(void)state;
	expect_text(samples, 3,
		    "# HELP slurm_jobs Jobs.\n"
		    "# TYPE slurm_jobs gauge\n"
		    "slurm_jobs{cluster=\"c\",state=\"failed\"} 0\n"
		    "slurm_jobs{cluster=\"c\",state=\"running\"} 2.5\n"
		    "# HELP slurm_errors_total Errors.\n"
		    "# TYPE slurm_errors_total counter\n"
		    "slurm_errors_total 7\n");
}

static void names_the_values_that_are_no_numbers(void **state)
{
	const struct family family = { "m", "", METRIC_GAUGE, 0 };
	const struct series series = { &family, NULL, 0, 0, 1 };
	const struct sample samples[] = { { &series, NAN },
					  { &series, INFINITY },
					  { &series, -INFINITY } };

	(void)state;
	expect_text(samples, 3, "# TYPE m gauge\nm NaN\nm +Inf\nm -Inf\n");
}

static void is_empty_for_an_empty_snapshot(void **state)
{
	(void)state;
	expect_text(NULL, 0, "");
}

static void fails_in_its_buffer_when_there_is_no_room(void **state)
{
	const struct family family = { "metric", "Help.", METRIC_GAUGE, 0 };
	const struct series series = { &family, NULL, 0, 0, 1 };
	struct sample sample = { &series, 1 };
	const struct snapshot s = { 1000, &sample, 1, 1 };

	(void)state;
	for (size_t room = 0; room < strlen("# HELP metric Help.\n# TYPE metric gauge\nmetric 1\n");
	     room++) {
		struct buf out;

		buf_init(&out, room);
		encode_text(&s, &out);
		assert_int_equal(buf_check(&out, "text", NULL), ERR_LIMIT);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_the_format_gives_a_meaning),
		cmocka_unit_test(describes_a_family_once_and_gives_no_timestamps),
		cmocka_unit_test(names_the_values_that_are_no_numbers),
		cmocka_unit_test(is_empty_for_an_empty_snapshot),
		cmocka_unit_test(fails_in_its_buffer_when_there_is_no_room),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
