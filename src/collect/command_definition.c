// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "expansion.h"

static const struct {
	const char *name;
	enum parse parse;
} strategies[] = {
	{ "count_lines", PARSE_COUNT_LINES },
	{ "extract_number", PARSE_EXTRACT_NUMBER },
	{ "columns", PARSE_COLUMNS },
};

static void set_parse(const struct expansion *x, struct metric_definition *m)
{
	const char *parse = x->yaml->parse ? x->yaml->parse : "count_lines";

	for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++)
		if (strcmp(strategies[i].name, parse) == 0)
			m->parse = strategies[i].parse;
	if (m->parse == PARSE_TABLE && strcmp(parse, "custom") == 0)
		problem_add(x->problems, x->tree,
			    "parse: custom is reserved for commands that print Prometheus "
			    "exposition, which cannot be read yet");
	else if (m->parse == PARSE_TABLE)
		problem_add(x->problems, x->tree,
			    "unknown parse \"%s\"; there are count_lines, extract_number, columns",
			    parse);
}

static int set_label_columns(const struct expansion *x, struct metric_definition *m)
{
	const struct pairs *labels = &x->yaml->labels;

	m->label_columns = arena_alloc(&x->d->arena, (labels->n + 1) * sizeof *m->label_columns);
	if (!m->label_columns)
		return ERR_NOMEM;
	for (size_t i = 0; i < labels->n; i++) {
		char *end;
		unsigned long number = strtoul(labels->items[i].value, &end, 10);

		if (*end || number < 1 || number > 1000)
			problem_add(x->problems, labels->items[i].where,
				    "label %s: the number of a column is expected, from 1",
				    labels->items[i].name);
		m->label_columns[m->n_label_columns++] =
			(struct label_column){ labels->items[i].name, number };
	}
	return 0;
}

bool metric_needs_partitions(const struct metric_definition *m)
{
	for (size_t i = 0; i < m->command.n; i++)
		if (placeholder_is_in(m->command.items[i], "partition"))
			return true;
	return false;
}

static void check_partitions(const struct expansion *x, const struct metric_definition *m)
{
	const struct table_definition *table;
	size_t column;

	if (metric_needs_partitions(m) && !values_find(x->d, PARTITION_VALUES, &table, &column))
		problem_add(x->problems, x->tree,
			    "{partition} needs a table partitions with a column name");
}

/* Filled in when the command is run. */
static const char *const run_time_names[] = { "partition", "start_time", "reset_time", NULL };

int expansion_set_command(const struct expansion *x, struct metric_definition *m)
{
	const char *separator = x->yaml->separator ? x->yaml->separator : "";

	set_parse(x, m);
	if (m->parse != PARSE_COLUMNS && (x->yaml->labels.n || x->yaml->value || *separator))
		problem_add(x->problems, x->tree,
			    "value, labels and separator are for parse: columns");
	if (m->parse == PARSE_COLUMNS && !x->yaml->value)
		problem_add(x->problems, x->tree,
			    "parse: columns needs value: the number of the column that has it");
	if (strlen(separator) > 1)
		problem_add(x->problems, x->tree, "separator must be one byte");
	m->separator = separator[0];
	m->value_column = (size_t)x->yaml->value;
	m->command.items = arena_alloc(&x->d->arena, x->yaml->command.n * sizeof(char *));
	if (!m->command.items)
		return ERR_NOMEM;
	for (; m->command.n < x->yaml->command.n; m->command.n++) {
		m->command.items[m->command.n] =
			expansion_fill(x, x->yaml->command.items[m->command.n]);
		if (!m->command.items[m->command.n])
			return ERR_NOMEM;
		placeholders_check(m->command.items[m->command.n], run_time_names, x->tree,
				   x->problems);
	}
	check_partitions(x, m);
	return set_label_columns(x, m);
}
