// SPDX-License-Identifier: Apache-2.0
#include "daemon.h"
#include "test.h"

static void timestamps_rise_until_the_clock_is_set_far_back(void **state)
{
	enum { MINUTE = 60000 };
	static const struct {
		const char *name;
		int64_t now_ms, last_ms, want;
	} cases[] = {
		{ "the first", 1000 * MINUTE, 0, 1000 * MINUTE },
		{ "time goes on", 1001 * MINUTE, 1000 * MINUTE, 1001 * MINUTE },
		{ "the same millisecond", 1000 * MINUTE, 1000 * MINUTE, 1000 * MINUTE + 1 },
		{ "a little back", 999 * MINUTE, 1000 * MINUTE, 1000 * MINUTE + 1 },
		{ "almost ten minutes back", 990 * MINUTE + 1, 1000 * MINUTE, 1000 * MINUTE + 1 },
		{ "ten minutes back", 990 * MINUTE, 1000 * MINUTE, 990 * MINUTE },
		{ "a day back", 1000 * MINUTE, 2440 * MINUTE, 1000 * MINUTE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (tick_timestamp(cases[i].now_ms, cases[i].last_ms) != cases[i].want)
			fail_msg("%s", cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timestamps_rise_until_the_clock_is_set_far_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
