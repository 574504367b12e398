// SPDX-License-Identifier: Apache-2.0
/*
 * clock: the two times. What is waited for is monotonic, what is stamped is
 * wall clock; both in milliseconds. State machines take `now_ms` as an argument
 * and never ask; only the main loop does, here, so that a test can live a day
 * in a second.
 */
#ifndef SLURM_PUSHER_CLOCK_H
#define SLURM_PUSHER_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);
int64_t clock_wall_ms(void);

/* CPU time of this process (user and system), in microseconds. */
int64_t clock_cpu_us(void);

/* Replaces both clocks, for tests; NULL brings back the real one. */
void clock_replace(int64_t (*mono_ms)(void), int64_t (*wall_ms)(void));

#endif
