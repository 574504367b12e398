// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <stdio.h>

static void report_add(struct report *r, enum event_kind kind, const char *text, uint64_t samples)
{
	struct event *event = &r->events[(r->first + r->n) % REPORT_EVENTS];

	if (r->n < REPORT_EVENTS)
		r->n++;
	else
		r->first = (r->first + 1) % REPORT_EVENTS;
	event->kind = kind;
	event->samples = samples;
	snprintf(event->text, sizeof event->text, "%s", text);
}

void report_good(struct report *r, const char *text)
{
	if (r->failing || r->refusal != 0)
		report_add(r, EVENT_RECOVERED, text, 0);
	r->failing = false;
	r->refusal = 0;
}

void report_failing(struct report *r, const char *text)
{
	if (!r->failing)
		report_add(r, EVENT_FAILING, text, 0);
	r->failing = true;
}

void report_rejected(struct report *r, int refusal, const char *text, uint64_t samples)
{
	if (r->refusal != refusal)
		report_add(r, EVENT_REJECTED, text, samples);
	r->refusal = refusal;
}

bool report_next(struct report *r, struct event *out)
{
	if (r->n == 0)
		return false;
	*out = r->events[r->first];
	r->first = (r->first + 1) % REPORT_EVENTS;
	r->n--;
	return true;
}
