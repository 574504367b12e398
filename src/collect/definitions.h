// SPDX-License-Identifier: Apache-2.0
/*
 * definitions, from inside: tables and metrics as the collector uses them.
 * Everything lives in the definitions' arena and does not change once finished.
 */
#ifndef COLLECT_DEFINITIONS_H
#define COLLECT_DEFINITIONS_H

#include "slurm_pusher/arena.h"
#include "slurm_pusher/collect.h"
#include "slurm_pusher/map.h"
#include "slurm_pusher/schema.h"

enum column_type {
	COLUMN_WORD,
	COLUMN_LIST,  /* words separated by commas */
	COLUMN_FLAGS, /* a base word and flags: IDLE+DRAIN+CLOUD */
	COLUMN_NUMBER,
};

struct column {
	const char *name;
	const char *field;   /* what the command calls it */
	const char *missing; /* what a row without it has; NULL: every row must have it */
	enum column_type type;
	const char *values; /* "table.column" that lists all its possible values, or NULL */
};

enum test { TEST_IS, TEST_NOT, TEST_FLAG, TEST_NO_FLAG, TEST_ABOVE, TEST_BELOW };

/* One thing a row must satisfy; the words are alternatives. */
struct condition {
	size_t column;
	enum test test;
	const char **words;
	size_t n_words;
	double number;
};

struct conditions {
	struct condition *items;
	size_t n;
};

/* Rows that have a name of their own in a table: those that satisfy all of `where`, but for
 * those that satisfy all of `unless`. */
struct subset {
	const char *name;
	const char *meaning; /* continues "Jobs that are ..." or "Nodes that are ..." */
	struct conditions where, unless;
};

/* Of a table's own; after them every table has one more, which is not in the command's output:
 * slurm_version, the version of the commands as a number (22.05). What they print depends on it. */
enum { MAX_COLUMNS = 32, N_WORDS = MAX_COLUMNS + 1 };
#define VERSION_COLUMN "slurm_version"

enum row_format { ROWS_SEPARATED, ROWS_KEY_VALUE };

struct table_definition {
	const char *name;
	const struct tree *tree;
	struct strings command;
	enum row_format rows;
	char separator;
	const char *none;       /* the line the command prints when there are no rows, or NULL */
	struct column *columns; /* columns[n_columns] is VERSION_COLUMN */
	size_t n_columns;
	struct conditions where; /* rows that do not satisfy it do not count at all */
	struct subset *subsets;
	size_t n_subsets;
};

enum parse { PARSE_TABLE, PARSE_COUNT_LINES, PARSE_EXTRACT_NUMBER, PARSE_COLUMNS };

/* A label taken from a column of an own command's output. */
struct label_column {
	const char *name;
	size_t number; /* from 1 */
};

struct metric_definition {
	const char *name, *help;
	enum metric_type type;
	const struct tree *tree;
	struct label *labels; /* the same on every series */
	size_t n_labels;

	/* over a table */
	const struct table_definition *table; /* NULL: it has a command of its own */
	struct conditions where, unless;
	const struct column *sum; /* NULL: rows are counted */
	const struct column **by;
	size_t n_by;

	/* with a command of its own */
	const char *source; /* the name it was defined with */
	enum parse parse;
	struct strings command; /* {partition}, {start_time} still to be filled in */
	char separator;         /* 0: blanks */
	size_t value_column;    /* from 1 */
	struct label_column *label_columns;
	size_t n_label_columns;
};

struct definitions {
	struct arena arena;
	struct map tables;  /* name -> struct table_definition */
	struct map written; /* name as written -> const struct tree: metrics to be expanded */
	struct map metrics; /* name and labels -> struct metric_definition, in order */
};

const struct column *table_column(const struct table_definition *t, const char *name);
const struct subset *table_subset(const struct table_definition *t, const char *name);

/* Reads a table. Wrong things go to problems; ERR_NOMEM. */
int table_read(struct definitions *d, const struct tree *tree, struct problems *problems);

/* "table.column" -> both; false: there is no such thing. */
bool values_find(const struct definitions *d, const char *values,
		 const struct table_definition **table, size_t *column);

/* What {partition} stands for, one after the other. */
#define PARTITION_VALUES "partitions.name"

/* Reads conditions on the columns of a table: `where`, or a subset's. Placeholders in
 * words are filled in from `variables`. */
int conditions_read(struct arena *arena, const struct table_definition *t, const struct tree *where,
		    const struct pairs *variables, struct conditions *out,
		    struct problems *problems);

/* Expands a metric as written into the metrics it stands for. */
int metric_read(struct definitions *d, const struct tree *tree, struct problems *problems);

/* True if its own command is run for each partition: it has {partition} in it. */
bool metric_needs_partitions(const struct metric_definition *m);

/* `text` with every {name} replaced by its variable; unknown names stay as they are. NULL
 * without memory. */
const char *placeholders_fill(struct arena *arena, const char *text, const struct pairs *variables);

/* True if `text` has {name} in it. */
bool placeholder_is_in(const char *text, const char *name);

/* Notes each {name} in `text` that is not among the known ones (ended by NULL): a slip that nobody
 * would see otherwise. Names are lower-case letters and _; ${name} belongs to a shell. */
void placeholders_check(const char *text, const char *const *known, const struct tree *where,
			struct problems *problems);

#endif
