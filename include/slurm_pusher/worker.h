// SPDX-License-Identifier: Apache-2.0
/*
 * worker: one helper thread for what can block without a deadline (fsync, a
 * write to a sick disk), and for nothing else.
 *
 * One job at a time. The job function runs on the helper thread and must touch
 * nothing but what it was handed; when it returns, worker_fd() becomes readable
 * and worker_finish() gives its result back on the caller's thread. A job that
 * never returns blocks only the worker: worker_free() does not wait for it
 * longer than `patience_ms`, and then leaves it behind.
 *
 * All functions here are for one thread, the caller's. The helper thread takes
 * no signals.
 */
#ifndef SLURM_PUSHER_WORKER_H
#define SLURM_PUSHER_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "slurm_pusher/err.h"

struct worker;

typedef int worker_job(void *ctx, struct err *err);

int worker_new(struct worker **out, struct err *err);

/* True once nothing of it is left; false when a job was left behind: what the job was
 * handed must not be freed then. NULL is fine. */
bool worker_free(struct worker *w, int64_t patience_ms);

/* Starts a job; false while another one is under way or waits for worker_finish(). */
bool worker_start(struct worker *w, worker_job *job, void *ctx);

/* Readable when a job has ended; poll it for POLLIN. */
int worker_fd(const struct worker *w);

/* True once per ended job: its return value is in *result, and its err in *err if that
 * is negative. */
bool worker_finish(struct worker *w, int *result, struct err *err);

/* From worker_start() until worker_finish() has given the result. */
bool worker_is_busy(const struct worker *w);

#endif
