// SPDX-License-Identifier: Apache-2.0
/*
 * history_rows: what one row of sacct means.
 *
 * A row is an allocation: JobIDRaw, State, Partition, Eligible, End, separated by the byte 0x1f;
 * times are seconds since the epoch, or "Unknown" or "None". Facts about Slurm that it stands on:
 *
 *   - a row without an end is a job that is pending, running or suspended; one with an end
 *     has the state it ended in ("CANCELLED by 1000" names who did it);
 *   - a job that was held or waited for another one until it was cancelled never became eligible:
 *     it counts as cancelled, not as submitted;
 *   - a job that is requeued leaves a record of state REQUEUED behind and gets a new one, with
 *     the same id; if it had finished already, the record of that is turned into the REQUEUED
 *     one. But a job requeued because its node failed leaves its NODE_FAIL behind;
 *   - the hidden half of a federated job (REVOKED) is shown only because of --duplicates.
 */
#ifndef COLLECT_HISTORY_ROWS_H
#define COLLECT_HISTORY_ROWS_H

#include "history_sets.h"

#define HISTORY_FORMAT "--format=JobIDRaw,State,Partition,Eligible,End"

struct history_rows {
	struct history_sets *found; /* where they go */
	int64_t reset_s;            /* what ended before does not count */
	int64_t now_s;
	uint64_t n;
};

/* A line_sink (lines.h). ERR_FORMAT, ERR_LIMIT, ERR_NOMEM. */
int history_row(void *rows, const char *line, size_t length, struct err *err);

#endif
