// SPDX-License-Identifier: Apache-2.0
/*
 * tally: the rows of a table, counted by what matters of them.
 *
 * From each line the columns in use are taken, in the order of the table's columns; equal
 * tuples are counted together and keep the order of their first appearance. A line
 * that is not a row of the table is ERR_FORMAT and says why.
 */
#ifndef COLLECT_TALLY_H
#define COLLECT_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "definitions.h"
#include "lines.h"

struct tally {
	const struct table_definition *table;
	bool used[N_WORDS];  /* columns that some metric asks for; set before the first row */
	const char *version; /* of Slurm's commands; set before the first split */
	struct map tuples;   /* tuple -> how often, in `value` (see tally_count) */
	struct arena arena;
	struct buf tuple; /* of the row at hand */
};

/* One word of a row: not NUL-terminated. */
struct word {
	const char *text;
	size_t n;
};

void tally_init(struct tally *t, const struct table_definition *table);
void tally_done(struct tally *t);

/* Forgets the rows, keeps the memory. */
void tally_clear(struct tally *t);

/* A line_sink: ctx is the struct tally. */
int tally_row(void *tally, const char *line, size_t n, struct err *err);

uint64_t tally_count(const struct map_entry *tuple);

/* Splits a tuple into N_WORDS words: `words[i]` is set for each column i in use. */
void tally_split(const struct tally *t, const struct map_entry *tuple, struct word *words);

#endif
