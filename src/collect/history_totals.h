// SPDX-License-Identifier: Apache-2.0
/*
 * history_totals: the table of totals, and their values.
 */
#ifndef COLLECT_HISTORY_TOTALS_H
#define COLLECT_HISTORY_TOTALS_H

#include "history_sets.h"
#include "slurm_pusher/model.h"

/* The total that jobs which ended in this state ("CANCELLED by 1000" is CANCELLED) count for, or
 * -1: ended jobs of other states count as submitted only. */
int history_total_of_state(const char *state, size_t length);

/* The numbers that are shown, between one pass and the next. `{0}` is a valid empty one. */
struct history_counts {
	uint64_t all[N_TOTALS];
	struct map by_partition; /* to an array of N_TOTALS */
	struct arena arena;
};

void history_counts_done(struct history_counts *counts);

/* Counts the sets anew. ERR_NOMEM: the numbers are as they were. */
int history_counts_take(struct history_counts *counts, const struct history_sets *sets,
			struct err *err);

/* Adds the samples: slurm_jobs_total_*, and slurm_partition_jobs_total_* of these partitions. */
int history_counts_report(const struct history_counts *counts, struct registry *r,
			  struct snapshot *s, const char *const *partitions, size_t n_partitions,
			  struct err *err);

#endif
