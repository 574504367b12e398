// SPDX-License-Identifier: Apache-2.0
/* report: what of all that happens is worth a line in a log (struct event). */
#ifndef SLURM_PUSHER_DELIVER_REPORT_H
#define SLURM_PUSHER_DELIVER_REPORT_H

#include "slurm_pusher/deliver.h"

enum { REPORT_EVENTS = 4 }; /* nobody asked for: the oldest is forgotten */

struct report {
	struct event events[REPORT_EVENTS];
	unsigned first, n;
	bool failing; /* told since the last good answer */
	int refusal;  /* the kind told last, since the last good answer; 0: none */
};

void report_good(struct report *r, const char *text);
void report_failing(struct report *r, const char *text);
/* `refusal` is its kind: a status, or anything else that is not 0. */
void report_rejected(struct report *r, int refusal, const char *text, uint64_t samples);

/* The oldest event; false if there is none. */
bool report_next(struct report *r, struct event *out);

#endif
