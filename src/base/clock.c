// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t real_mono_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

static int64_t real_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

static int64_t (*current_mono_ms)(void) = real_mono_ms;
static int64_t (*current_wall_ms)(void) = real_wall_ms;

int64_t clock_mono_ms(void)
{
	return current_mono_ms();
}

int64_t clock_wall_ms(void)
{
	return current_wall_ms();
}

int64_t clock_cpu_us(void)
{
	return read_us(CLOCK_PROCESS_CPUTIME_ID);
}

void clock_replace(int64_t (*mono_ms)(void), int64_t (*wall_ms)(void))
{
	current_mono_ms = mono_ms ? mono_ms : real_mono_ms;
	current_wall_ms = wall_ms ? wall_ms : real_wall_ms;
}
