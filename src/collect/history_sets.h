// SPDX-License-Identifier: Apache-2.0
/*
 * history_sets: the job ids that the totals are counted from.
 *
 *	ended[t]   ended with the state of total t since the reset time.
 *	           ended[TOTAL_SUBMITTED]: ended, in whatever state, and had become eligible
 *	later      ended, and become eligible at a moment that is still to come
 *	alive      eligible and not ended, at the last pass
 *	missing    were alive and are not now, and no row has told why
 *	suspects   counted with a state that the record may have no longer: when a finished
 *	           job is requeued, Slurm turns its record into one of state REQUEUED
 *
 * Submitted is the union of ended[TOTAL_SUBMITTED], alive and missing. The missing and the
 * suspects are cleared up by asking for them by their ids. (Should an older record of a suspect
 * have been purged, that one's state is lost; but a job is requeued within minutes of its end.)
 *
 * What commands bring is collected in a struct of its own, where `seen` holds every id that had a
 * row of any kind, and goes into the settled one only when they ended well. All of it may be done
 * twice: an error half-way is made good by the next try.
 */
#ifndef COLLECT_HISTORY_SETS_H
#define COLLECT_HISTORY_SETS_H

#include "history_ids.h"
#include "history_moments.h"

enum history_total {
	TOTAL_SUBMITTED,
	TOTAL_COMPLETED,
	TOTAL_FAILED,
	TOTAL_TIMEOUT,
	TOTAL_NODE_FAILED,
	TOTAL_CANCELLED,
	TOTAL_PREEMPTED,
	TOTAL_OUT_OF_MEMORY,
	N_TOTALS
};

struct history_sets {
	struct ids ended[N_TOTALS];
	struct ids alive, missing;
	struct moments later;
	struct moments requeued; /* ends of REQUEUED rows: found now, settled with the last pass */
	roaring_bitmap_t *suspects;
	roaring_bitmap_t *seen;
	bool changed; /* set when something changed; cleared by the owner */
};

int history_sets_init(struct history_sets *sets, struct err *err);
void history_sets_clear(struct history_sets *sets);
void history_sets_done(struct history_sets *sets);

/* Settles rows of jobs that ended, and what else was seen of those that are missing. */
int history_sets_fold(struct history_sets *sets, const struct history_sets *found, struct err *err);

/* Before they are settled: which of the jobs that were requeued since the last pass are suspects?
 */
void history_sets_suspect(struct history_sets *sets, const struct history_sets *found);

/* Settles a pass, in which everything alive was found: what was alive before and was not seen
 * now is missing. found->alive is taken over. */
int history_sets_renew(struct history_sets *sets, struct history_sets *found, struct err *err);

/* The ids that are missing or suspects, at most `max` of them; returns how many. */
size_t history_sets_unclear(const struct history_sets *sets, uint32_t *ids, size_t max);

/* Settles an answer to the question for these ids: suspects count as what their rows say now.
 * The missing without a row have been purged: they were submitted, and stay so. */
int history_sets_resolve(struct history_sets *sets, const struct history_sets *found,
			 const uint32_t *ids, size_t n, struct err *err);

#endif
