// SPDX-License-Identifier: Apache-2.0
#include "history_totals.h"

#include <stdio.h>
#include <string.h>

/* HELP is "Distinct jobs" or "Distinct jobs in the partition", and then `help`. */
static const struct total {
	const char *name, *state, *help;
} totals[N_TOTALS] = {
	[TOTAL_SUBMITTED] = { "submitted", NULL,
			      "that became eligible to run, and ended since the reset time or "
			      "have not ended yet." },
	[TOTAL_COMPLETED] = { "completed", "COMPLETED",
			      "that ended with exit code 0 since the reset time." },
	[TOTAL_FAILED] = { "failed", "FAILED",
			   "that ended with a non-zero exit code or another failure since the "
			   "reset time." },
	[TOTAL_TIMEOUT] = { "timeout", "TIMEOUT",
			    "that were ended at their time limit since the reset time." },
	[TOTAL_NODE_FAILED] = { "node_failed", "NODE_FAIL",
				"that ended because a node failed since the reset time; counted "
				"even if requeued and run again." },
	[TOTAL_CANCELLED] = { "cancelled", "CANCELLED",
			      "that were cancelled since the reset time, also before they became "
			      "eligible to run." },
	[TOTAL_PREEMPTED] = { "preempted", "PREEMPTED",
			      "that were ended by preemption since the reset time." },
	[TOTAL_OUT_OF_MEMORY] = { "out_of_memory", "OUT_OF_MEMORY",
				  "that ran out of memory and ended since the reset time." },
};

int history_total_of_state(const char *state, size_t length)
{
	const char *blank = memchr(state, ' ', length);

	if (blank)
		length = (size_t)(blank - state);
	for (int i = TOTAL_SUBMITTED + 1; i < N_TOTALS; i++)
		if (strlen(totals[i].state) == length &&
		    memcmp(totals[i].state, state, length) == 0)
			return i;
	return -1;
}

void history_counts_done(struct history_counts *counts)
{
	if (!counts)
		return;
	map_done(&counts->by_partition);
	arena_done(&counts->arena);
	*counts = (struct history_counts){ 0 };
}

/* The partition's numbers, made when new; NULL without memory. */
static uint64_t *numbers_of(struct history_counts *counts, const char *partition, size_t length)
{
	uint64_t *numbers = map_get(&counts->by_partition, partition, length);
	struct map_entry *e = NULL;
	char *name;

	if (numbers)
		return numbers;
	numbers = arena_alloc(&counts->arena, N_TOTALS * sizeof *numbers);
	name = arena_copy(&counts->arena, partition, length);
	if (numbers && name)
		e = map_entry(&counts->by_partition, name, length);
	if (!e)
		return NULL;
	e->value = numbers;
	return numbers;
}

static int count(struct history_counts *counts, enum history_total total, const struct ids *ids,
		 struct err *err)
{
	roaring_bitmap_t *all = ids_union(ids);

	if (!all)
		return err_set(err, ERR_NOMEM, "no memory to count jobs");
	counts->all[total] = roaring_bitmap_get_cardinality(all);
	roaring_bitmap_free(all);
	for (size_t i = 0; i < ids->by_partition.n; i++) {
		const struct map_entry *e = &ids->by_partition.entries[i];
		uint64_t *numbers = numbers_of(counts, e->key, e->key_len);

		if (!numbers)
			return err_set(err, ERR_NOMEM, "no memory to count jobs");
		numbers[total] = roaring_bitmap_get_cardinality(e->value);
	}
	return 0;
}

static int count_submitted(struct history_counts *counts, const struct history_sets *sets,
			   struct err *err)
{
	const struct ids *parts[] = { &sets->ended[TOTAL_SUBMITTED], &sets->alive, &sets->missing };
	struct ids submitted = { 0 };
	int rc = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts && rc == 0; i++)
		rc = ids_join(&submitted, parts[i], &(bool){ false }, err);
	if (rc == 0)
		rc = count(counts, TOTAL_SUBMITTED, &submitted, err);
	ids_done(&submitted);
	return rc;
}

int history_counts_take(struct history_counts *counts, const struct history_sets *sets,
			struct err *err)
{
	struct history_counts fresh = { 0 };
	int rc = count_submitted(&fresh, sets, err);

	for (int i = TOTAL_SUBMITTED + 1; i < N_TOTALS && rc == 0; i++)
		rc = count(&fresh, (enum history_total)i, &sets->ended[i], err);
	if (rc < 0) {
		history_counts_done(&fresh);
		return rc;
	}
	history_counts_done(counts);
	*counts = fresh;
	return 0;
}

/* A total of all jobs, or, with a name, of that partition. */
static int put(struct registry *r, struct snapshot *s, const struct total *total,
	       const char *partition, uint64_t value, struct err *err)
{
	struct label label = { "partition", partition };
	char name[64], help[192];

	snprintf(name, sizeof name, "slurm_%sjobs_total_%s", partition ? "partition_" : "",
		 total->name);
	snprintf(help, sizeof help, "Distinct jobs %s%s", partition ? "in the partition " : "",
		 total->help);
	return snapshot_put(s, r, name, METRIC_GAUGE, help, &label, partition ? 1 : 0,
			    (double)value, err);
}

int history_counts_report(const struct history_counts *counts, struct registry *r,
			  struct snapshot *s, const char *const *partitions, size_t n_partitions,
			  struct err *err)
{
	int rc = 0;

	for (int i = 0; i < N_TOTALS && rc == 0; i++)
		rc = put(r, s, &totals[i], NULL, counts->all[i], err);
	for (size_t p = 0; p < n_partitions; p++) {
		const uint64_t *numbers = map_gets(&counts->by_partition, partitions[p]);

		for (int i = 0; i < N_TOTALS && rc == 0; i++)
			rc = put(r, s, &totals[i], partitions[p], numbers ? numbers[i] : 0, err);
	}
	return rc;
}
