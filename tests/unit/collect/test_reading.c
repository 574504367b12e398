// SPDX-License-Identifier: Apache-2.0
/*
 * The first number of an output, wherever it stands.
 */
#include <string.h>

#include "lines.h"
#include "reading.h"
#include "test.h"

static const struct metric_definition metric = { .name = "m", .parse = PARSE_EXTRACT_NUMBER };

static int read_output(const char *output, double *out, struct err *err)
{
	struct reading r;
	struct lines l;
	int rc;

	reading_init(&r, &metric, NULL);
	lines_init(&l, reading_line, &r);
	rc = lines_feed(&l, output, strlen(output), err);
	if (rc == 0)
		rc = lines_end(&l, err);
	if (rc == 0)
		rc = reading_end(&r, err);
	*out = r.number;
	lines_done(&l);
	reading_done(&r);
	return rc;
}

static void the_first_number_of_the_output_is_found_in_any_line(void **state)
{
	static const struct {
		const char *output;
		double want;
	} cases[] = {
		{ "", 0 },
		{ "42\n", 42 },
		{ "NODES\n7\n", 7 },
		{ "\n\nload: 1.5 now\n", 1.5 },
		{ "1\n2\n", 1 },
		{ ".5\n", 0.5 },
		{ "delta=-.25\n", -0.25 },
		{ "2e3x\n", 2000 },
		{ "12. of the month\n", 12 },
		{ "10/20/0/30\n", 10 },
		{ "1-3 nodes\n", 1 },
		{ "2026-01-26\n", 2026 },
		{ "0x10\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double got = -1;
		struct err err;

		assert_ok(read_output(cases[i].output, &got, &err), &err);
		if (got != cases[i].want)
			fail_msg("\"%s\": %g", cases[i].output, got);
	}
}

static void an_output_without_a_number_is_an_error(void **state)
{
	static const struct {
		const char *output, *quoted;
	} cases[] = { { "none\n", "none" }, { "\n", "" }, { "a\nb\n", "a" }, { "--.e\n", "--.e" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char want[100];
		double got;
		struct err err;

		snprintf(want, sizeof want, "no number in its output: \"%s\"", cases[i].quoted);
		assert_int_equal(read_output(cases[i].output, &got, &err), ERR_FORMAT);
		assert_string_equal(err.text, want);
	}
}

static void a_long_line_is_quoted_in_part(void **state)
{
	char line[5000];
	double got;
	struct err err;

	(void)state;
	memset(line, 'x', sizeof line - 2);
	memcpy(line + sizeof line - 2, "\n", 2);
	assert_int_equal(read_output(line, &got, &err), ERR_FORMAT);
	assert_true(strlen(err.text) < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_number_of_the_output_is_found_in_any_line),
		cmocka_unit_test(an_output_without_a_number_is_an_error),
		cmocka_unit_test(a_long_line_is_quoted_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
