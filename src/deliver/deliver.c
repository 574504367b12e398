// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/deliver.h"

#include <stdlib.h>

#include "destination.h"

int deliver_new(struct deliver **out, const char *user_agent, struct err *err)
{
	struct deliver *d = calloc(1, sizeof *d);
	int rc;

	if (!d)
		return err_set(err, ERR_NOMEM, "no memory for destinations");
	rc = http_open(&d->http, user_agent, err);
	if (rc < 0) {
		free(d);
		return rc;
	}
	*out = d;
	return 0;
}

void deliver_free(struct deliver *d)
{
	if (!d)
		return;
	while (d->first)
		destination_free(d->first);
	http_close(d->http);
	free(d);
}

int deliver_wait(struct deliver *d, struct pollfd *fds, unsigned n_fds, int64_t timeout_ms,
		 struct err *err)
{
	return http_wait(d->http, fds, n_fds, timeout_ms, err);
}

void deliver_step(struct deliver *d, int64_t mono_ms, int64_t wall_ms)
{
	http_step(d->http);
	for (struct destination *dst = d->first; dst; dst = dst->next)
		destination_step(dst, mono_ms, wall_ms);
}

int64_t deliver_due_ms(const struct deliver *d)
{
	int64_t due_ms = INT64_MAX;

	for (const struct destination *dst = d->first; dst; dst = dst->next)
		if (destination_due_ms(dst) < due_ms)
			due_ms = destination_due_ms(dst);
	return due_ms;
}

void deliver_stop(struct deliver *d)
{
	for (struct destination *dst = d->first; dst; dst = dst->next)
		dst->cargo->kind->stop(dst->cargo);
}

bool deliver_is_drained(const struct deliver *d)
{
	for (const struct destination *dst = d->first; dst; dst = dst->next)
		if (!destination_is_drained(dst))
			return false;
	return true;
}
