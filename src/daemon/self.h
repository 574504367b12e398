// SPDX-License-Identifier: Apache-2.0
/*
 * self: what the daemon tells about itself, as metrics: slurm_exporter_*.
 *
 * The names that the exporter's document has keep their meaning, those that Prometheus'
 * own remote-write has (prometheus_remote_storage_samples_total) keep their last part.
 * What has not happened yet has no value: the time of a last success is absent, not 0, before
 * the first one. Counters begin at 0 with the process.
 */
#ifndef SLURM_PUSHER_SELF_H
#define SLURM_PUSHER_SELF_H

#include "slurm_pusher/err.h"
#include "slurm_pusher/model.h"
#include "status.h"

/* Adds them to the snapshot. ERR_NOMEM; ERR_LIMIT when there are too many series. */
int self_report(const struct status *st, struct registry *r, struct snapshot *s, struct err *err);

#endif
