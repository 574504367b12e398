// SPDX-License-Identifier: Apache-2.0
#include "daemon.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/log.h"

/* The worker writes the history's state and, once, the cluster's name. */
void daemon_take_back_work(struct daemon *d)
{
	struct err err;
	int result;

	if (!worker_finish(d->worker, &result, &err))
		return;
	if (result < 0 && !d->save_was_failing)
		log_warn("state cannot be written; it is tried again", "err", err.text, NULL);
	if (result == 0 && d->save_was_failing)
		log_info("state is written again", NULL);
	d->save_was_failing = result < 0;
	if (d->saving_name) {
		d->saving_name = false;
		if (result < 0)
			d->name_to_save[0] = '\0';
		return;
	}
	if (d->setup.history)
		history_saved(d->setup.history, result, &err);
}

void daemon_history(struct daemon *d)
{
	daemon_take_back_work(d);
	if (!d->setup.history)
		return;
	if (history_step(d->setup.history, d->worker, clock_mono_ms(), clock_wall_ms()))
		daemon_report_history(d);
}
