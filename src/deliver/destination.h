// SPDX-License-Identifier: Apache-2.0
/*
 * destination: one request after the other, each as soon as it may be.
 *
 *	         something waits, and           the answer came
 *	         the backoff is over
 *	 idle or ----------------------> busy ------------------> settled: sent, given up,
 *	 waiting                                                  or to be tried again,
 *	    ^                                                     at once or after a backoff
 *	    '-----------------------------------------------------'
 */
#ifndef SLURM_PUSHER_DELIVER_DESTINATION_H
#define SLURM_PUSHER_DELIVER_DESTINATION_H

#include "cargo.h"
#include "report.h"

struct deliver {
	struct http *http;
	struct destination *first;
};

struct destination {
	struct destination *next;
	struct deliver *deliver;
	enum protocol protocol;
	char *name;
	char *url; /* as it may be shown */
	struct connection *connection;
	struct cargo *cargo;
	struct queue *queue; /* remote-write */
	struct encoder encoder;
	struct load load; /* under way while busy */
	bool busy;
	struct backoff backoff;
	int64_t next_attempt_ms;
	struct report report;
	struct destination_status status; /* its counters; the rest is filled in when asked for */
	char last_error[sizeof(((struct http_answer *)0)->text)];
};

void destination_step(struct destination *dst, int64_t mono_ms, int64_t wall_ms);

bool destination_is_drained(const struct destination *dst);

/* When it has something to start; INT64_MAX if it has not, or waits for an answer. */
int64_t destination_due_ms(const struct destination *dst);

#endif
