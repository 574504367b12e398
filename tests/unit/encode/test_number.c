// SPDX-License-Identifier: Apache-2.0
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "slurm_pusher/encode.h"

enum { PATTERNS = 5000 };

/* The text of a number; good until the next call. */
static const char *text_of(double value)
{
	static char text[64];
	struct buf b;

	buf_init(&b, sizeof text - 1);
	encode_number(value, &b);
	assert_int_equal(b.failed, 0);
	snprintf(text, sizeof text, "%s", buf_text(&b));
	buf_done(&b);
	return text;
}

static void writes_each_kind_of_number(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 1234567, "1234567" },
		{ 1767225600, "1767225600" },
		{ 1767225600.123, "1767225600.123" },
		{ 0.5, "0.5" },
		{ -0.25, "-0.25" },
		{ 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 1e-5, "1e-05" },
		{ 999999999999999, "999999999999999" },
		{ 1e15, "1e+15" },
		{ 1e22, "1e+22" },
		{ 9007199254740993.0, "9007199254740992" },
		{ 9223372036854775808.0, "9.223372036854776e+18" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ -DBL_MAX, "-1.7976931348623157e+308" },
		{ DBL_MIN, "2.2250738585072014e-308" },
		{ 5e-324, "5e-324" },
		{ NAN, "NaN" },
		{ -NAN, "NaN" },
		{ INFINITY, "+Inf" },
		{ -INFINITY, "-Inf" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(text_of(cases[i].value), cases[i].text);
}

/* xorshift64: the same bit patterns in every run. */
static double next_pattern(uint64_t *seed)
{
	double value;

	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	memcpy(&value, seed, sizeof value);
	return value;
}

/* How many significant digits a number needs: the fewest that read back equal. */
static int digits_needed(double value)
{
	char text[64];
	int digits = 0;

	do
		snprintf(text, sizeof text, "%.*e", digits++, value);
	while (strtod(text, NULL) != value);
	return digits;
}

static int digits_in(const char *text)
{
	int digits = 0;

	text += strspn(text, "-0.");
	for (; *text && *text != 'e'; text++)
		digits += *text != '.';
	return digits;
}

static void reads_back_equal_from_the_fewest_digits(void **state)
{
	uint64_t seed = 20260101;

	(void)state;
	for (int i = 0; i < PATTERNS; i++) {
		double value = next_pattern(&seed);
		const char *text = text_of(value);

		if (!isfinite(value))
			continue;
		assert_true(strtod(text, NULL) == value);
		assert_int_equal(digits_in(text), digits_needed(value));
	}
}

static void reads_back_equal_when_it_is_subnormal(void **state)
{
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < PATTERNS / 10; i++) {
		double value = DBL_MIN * fmod(fabs(next_pattern(&seed)), 1);

		if (!(value > 0))
			continue;
		assert_true(strtod(text_of(value), NULL) == value);
		assert_int_equal(digits_in(text_of(value)), digits_needed(value));
	}
}

/* A locale that needs nothing installed but the compiler of locales and the ASCII charmap. */
static bool set_comma_locale(const char *folder)
{
	char command[256];

	snprintf(command, sizeof command,
		 "cd %s && printf 'LC_NUMERIC\\ndecimal_point \"<U002C>\"\\nthousands_sep \"\"\\n"
		 "grouping -1\\nEND LC_NUMERIC\\n' >source && "
		 "localedef --no-archive -c -i ./source ./comma >log 2>&1",
		 folder);
	if (system(command) == -1) /* NOLINT(cert-env33-c) */
		return false;
	setenv("LOCPATH", folder, 1);
	return setlocale(LC_NUMERIC, "comma") != NULL;
}

static void writes_a_point_where_the_locale_has_a_comma(void **state)
{
	char folder[] = "/tmp/slurm-pusher-test-XXXXXX";
	char command[64], with_comma[16], fraction[64], power[64];
	bool set;

	(void)state;
	assert_non_null(mkdtemp(folder));
	set = set_comma_locale(folder);
	snprintf(with_comma, sizeof with_comma, "%.1f", 1.5);
	snprintf(fraction, sizeof fraction, "%s", text_of(-1.5));
	snprintf(power, sizeof power, "%s", text_of(1.5e300));
	setlocale(LC_NUMERIC, "C");
	snprintf(command, sizeof command, "rm -rf %s", folder);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
	if (!set)
		skip();
	assert_string_equal(with_comma, "1,5");
	assert_string_equal(fraction, "-1.5");
	assert_string_equal(power, "1.5e+300");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_each_kind_of_number),
		cmocka_unit_test(reads_back_equal_from_the_fewest_digits),
		cmocka_unit_test(reads_back_equal_when_it_is_subnormal),
		cmocka_unit_test(writes_a_point_where_the_locale_has_a_comma),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
