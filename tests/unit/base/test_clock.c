// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "slurm_pusher/clock.h"

static int64_t noon(void)
{
	return 43200000;
}

static int64_t dusk(void)
{
	return 72000000;
}

static void shows_the_time_of_this_machine(void **state)
{
	(void)state;
	assert_in_range(clock_wall_ms() / 1000, time(NULL) - 1, time(NULL) + 1);
	int64_t before = clock_mono_ms();
	nanosleep(&(struct timespec){ .tv_nsec = 3000000 }, NULL);
	assert_in_range(clock_mono_ms() - before, 2, 10000);
}

static void shows_another_time_until_it_is_restored(void **state)
{
	(void)state;
	clock_replace(noon, dusk);
	assert_int_equal(clock_mono_ms(), 43200000);
	assert_int_equal(clock_wall_ms(), 72000000);
	clock_replace(NULL, NULL);
	assert_in_range(clock_wall_ms() / 1000, time(NULL) - 1, time(NULL) + 1);
	assert_int_not_equal(clock_mono_ms(), 43200000);
}

static void counts_cpu_time_and_not_waiting(void **state)
{
	(void)state;
	int64_t before = clock_cpu_us();
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	assert_in_range(clock_cpu_us() - before, 0, 40000);
	while (clock_cpu_us() - before < 5000)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_time_of_this_machine),
		cmocka_unit_test(shows_another_time_until_it_is_restored),
		cmocka_unit_test(counts_cpu_time_and_not_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
