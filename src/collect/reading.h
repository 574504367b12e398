// SPDX-License-Identifier: Apache-2.0
/*
 * reading: what one run of a metric's own command said.
 *
 *	count_lines      the number of lines
 *	extract_number   the first number in the output
 *	columns          for each line the number in the value column, with labels from others
 *
 * A command that prints nothing and succeeds means 0 for the first two, no rows for the third.
 */
#ifndef COLLECT_READING_H
#define COLLECT_READING_H

#include <stdbool.h>

#include "definitions.h"

enum { MAX_HEAD = 60 };

struct reading {
	const struct metric_definition *metric;
	const char *partition; /* what {partition} stood for; NULL: it is not in the command */
	size_t n_lines;
	double number;           /* count_lines, extract_number */
	bool found;              /* extract_number */
	char head[MAX_HEAD + 1]; /* extract_number: of the first line, to be quoted */
	struct map rows;         /* columns: label values, each with a NUL -> double */
	struct arena arena;
};

void reading_init(struct reading *r, const struct metric_definition *metric, const char *partition);
void reading_done(struct reading *r);

/* A line_sink: ctx is the struct reading. */
int reading_line(void *reading, const char *line, size_t n, struct err *err);

/* The command has ended well: ERR_FORMAT if what it printed does not say what was asked. */
int reading_end(const struct reading *r, struct err *err);

/* Adds the samples, when the command has succeeded. */
int reading_report(const struct reading *r, struct registry *registry, struct snapshot *s,
		   struct err *err);

#endif
