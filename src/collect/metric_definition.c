// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "definitions.h"

/* A metric as it is written. */
struct metric_yaml {
	const char *name, *help, *type, *from, *subset, *sum, *parse, *separator;
	const struct tree *where, *each;
	struct strings by, command;
	struct pairs labels;
	int64_t value;
};

#define AT(member) offsetof(struct metric_yaml, member)

static const struct key metric_keys[] = {
	{ .name = "name", .kind = KEY_STRING, .offset = AT(name) },
	{ .name = "help", .kind = KEY_STRING, .offset = AT(help) },
	{ .name = "type", .kind = KEY_STRING, .offset = AT(type) },
	{ .name = "each", .kind = KEY_NODE, .offset = AT(each) },
	{ .name = "from", .kind = KEY_STRING, .offset = AT(from) },
	{ .name = "subset", .kind = KEY_STRING, .offset = AT(subset) },
	{ .name = "where", .kind = KEY_NODE, .offset = AT(where) },
	{ .name = "sum", .kind = KEY_STRING, .offset = AT(sum) },
	{ .name = "by", .kind = KEY_STRINGS, .offset = AT(by) },
	{ .name = "command", .kind = KEY_STRINGS, .offset = AT(command) },
	{ .name = "parse", .kind = KEY_STRING, .offset = AT(parse) },
	{ .name = "separator", .kind = KEY_STRING, .offset = AT(separator) },
	{ .name = "value", .kind = KEY_INTEGER, .offset = AT(value), .min = 1, .max = 1000 },
	{ .name = "labels", .kind = KEY_PAIRS, .offset = AT(labels) },
	{ 0 },
};

/* What one expansion works with. */
struct expansion {
	struct definitions *d;
	const struct tree *tree;
	const struct metric_yaml *yaml;
	const struct table_definition *table; /* NULL: own command */
	struct pairs variables;               /* one value chosen for each name of `each` */
	struct problems *problems;
};

static const char *fill(const struct expansion *x, const char *text)
{
	return placeholders_fill(&x->d->arena, text, &x->variables);
}

/* ---- what both kinds of metric have ---- */

/* A variable of `each` that the name does not mention tells its series apart by a label. */
static int set_labels(const struct expansion *x, struct metric_definition *m)
{
	m->labels = arena_alloc(&x->d->arena, (x->variables.n + 1) * sizeof *m->labels);
	if (!m->labels)
		return ERR_NOMEM;
	for (size_t i = 0; i < x->variables.n; i++) {
		const struct pair *v = &x->variables.items[i];

		if (!placeholder_is_in(x->yaml->name, v->name))
			m->labels[m->n_labels++] = (struct label){ v->name, v->value };
	}
	return 0;
}

static void set_type(const struct expansion *x, struct metric_definition *m)
{
	const char *type = x->yaml->type;

	m->type = type && strcmp(type, "counter") == 0 ? METRIC_COUNTER : METRIC_GAUGE;
	if (type && strcmp(type, "counter") != 0 && strcmp(type, "gauge") != 0)
		problem_add(x->problems, x->tree, "type \"%s\": it is gauge or counter", type);
}

static int set_common(const struct expansion *x, struct metric_definition *m)
{
	m->tree = x->tree;
	m->source = x->yaml->name;
	m->name = fill(x, x->yaml->name);
	m->help = m->name ? fill(x, x->yaml->help ? x->yaml->help : "") : NULL;
	if (!m->help)
		return ERR_NOMEM;
	if (!*m->help)
		problem_add(x->problems, x->tree, "metric %s: help is missing", m->name);
	if (!metric_name_is_legal(m->name))
		problem_add(x->problems, x->tree,
			    "\"%s\" is not a metric name: letters, digits, _ and : only", m->name);
	set_type(x, m);
	return set_labels(x, m);
}

/* ---- over a table ---- */

static void set_sum(const struct expansion *x, struct metric_definition *m)
{
	if (!x->yaml->sum)
		return;
	m->sum = table_column(x->table, x->yaml->sum);
	if (!m->sum || m->sum->type != COLUMN_NUMBER)
		problem_add(x->problems, x->tree, "sum: table %s has no column \"%s\" of numbers",
			    x->table->name, x->yaml->sum);
}

static int set_by(const struct expansion *x, struct metric_definition *m)
{
	m->by = arena_alloc(&x->d->arena, (x->yaml->by.n + 1) * sizeof *m->by);
	if (!m->by)
		return ERR_NOMEM;
	for (size_t i = 0; i < x->yaml->by.n; i++) {
		const struct column *c = table_column(x->table, x->yaml->by.items[i]);

		if (c)
			m->by[m->n_by++] = c;
		else
			problem_add(x->problems, x->tree, "by: table %s has no column \"%s\"",
				    x->table->name, x->yaml->by.items[i]);
	}
	return 0;
}

/* The conditions of `where`, and those of the subset after them. */
static int set_where(const struct expansion *x, const struct subset *subset,
		     struct metric_definition *m)
{
	struct conditions own;
	int rc = conditions_read(&x->d->arena, x->table, x->yaml->where, &x->variables, &own,
				 x->problems);
	size_t n_subset = subset ? subset->where.n : 0;

	if (rc < 0)
		return rc;
	m->where.items = arena_alloc(&x->d->arena, (own.n + n_subset + 1) * sizeof *own.items);
	if (!m->where.items)
		return ERR_NOMEM;
	for (size_t i = 0; i < own.n; i++)
		m->where.items[m->where.n++] = own.items[i];
	for (size_t i = 0; i < n_subset; i++)
		m->where.items[m->where.n++] = subset->where.items[i];
	return 0;
}

static int set_meaning(const struct expansion *x, const struct subset *subset,
		       struct metric_definition *m)
{
	struct pair meaning = { .name = "meaning", .value = subset->meaning };

	m->help = placeholders_fill(&x->d->arena, m->help, &(struct pairs){ &meaning, 1 });
	return m->help ? 0 : ERR_NOMEM;
}

static int set_table(const struct expansion *x, struct metric_definition *m)
{
	const char *name = x->yaml->subset ? fill(x, x->yaml->subset) : NULL;
	const struct subset *subset = name ? table_subset(x->table, name) : NULL;
	int rc;

	m->table = x->table;
	if (x->yaml->subset && !name)
		return ERR_NOMEM;
	if (name && !subset)
		problem_add(x->problems, x->tree, "table %s has no subset \"%s\"", x->table->name,
			    name);
	rc = set_where(x, subset, m);
	if (rc == 0)
		rc = set_by(x, m);
	set_sum(x, m);
	return rc == 0 && subset ? set_meaning(x, subset, m) : rc;
}

/* ---- with a command of its own ---- */

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
		if (!label_name_is_legal(labels->items[i].name))
			problem_add(x->problems, labels->items[i].where,
				    "\"%s\" is not a label name", labels->items[i].name);
		m->label_columns[m->n_label_columns++] =
			(struct label_column){ labels->items[i].name, number };
	}
	return 0;
}

static int set_command(const struct expansion *x, struct metric_definition *m)
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
		m->command.items[m->command.n] = fill(x, x->yaml->command.items[m->command.n]);
		if (!m->command.items[m->command.n])
			return ERR_NOMEM;
	}
	return set_label_columns(x, m);
}

/* ---- expansion ---- */

/* Metrics are known by name and fixed labels: a later one replaces an earlier. */
static int put_metric(struct definitions *d, struct metric_definition *m)
{
	const char *key = m->name;
	struct map_entry *e;

	for (size_t i = 0; i < m->n_labels && key; i++)
		key = arena_format(&d->arena, "%s\x1f%s=%s", key, m->labels[i].name,
				   m->labels[i].value);
	e = key ? map_entry(&d->metrics, key, strlen(key)) : NULL;
	if (!e)
		return ERR_NOMEM;
	e->value = m;
	return 0;
}

static int expand_one(const struct expansion *x)
{
	struct metric_definition *m = arena_alloc(&x->d->arena, sizeof *m);
	int rc = m ? set_common(x, m) : ERR_NOMEM;

	if (rc == 0)
		rc = x->table ? set_table(x, m) : set_command(x, m);
	return rc == 0 ? put_metric(x->d, m) : rc;
}

/* Every combination of the values of `each`, the first name varying slowest. */
static int expand_each(struct expansion *x, const struct tree *each)
{
	struct pair *variable = &x->variables.items[x->variables.n];
	int rc = 0;

	if (!each)
		return expand_one(x);
	if (each->kind != TREE_SEQUENCE || !each->n_children) {
		problem_add(x->problems, each, "each %s: a list of values is expected", each->key);
		return 0;
	}
	x->variables.n++;
	for (const struct tree *value = each->child; value && rc == 0; value = value->next) {
		*variable = (struct pair){ each->key, value->text, value };
		rc = expand_each(x, each->next);
	}
	x->variables.n--;
	return rc;
}

static bool find_table(struct expansion *x)
{
	const struct metric_yaml *yaml = x->yaml;

	if (!yaml->from == !yaml->command.n) {
		problem_add(x->problems, x->tree,
			    "metric %s: either from (a table) or command is needed", yaml->name);
		return false;
	}
	if (!yaml->from)
		return true;
	x->table = map_gets(&x->d->tables, yaml->from);
	if (!x->table)
		problem_add(x->problems, x->tree, "metric %s: there is no table \"%s\"", yaml->name,
			    yaml->from);
	return x->table != NULL;
}

int metric_read(struct definitions *d, const struct tree *tree, struct problems *problems)
{
	struct metric_yaml yaml = { 0 };
	struct expansion x = { .d = d, .tree = tree, .yaml = &yaml, .problems = problems };
	int rc = schema_read(&d->arena, tree, metric_keys, &yaml, problems);

	if (rc < 0)
		return rc;
	if (!yaml.name || !find_table(&x))
		return 0;
	if (yaml.each && yaml.each->kind != TREE_MAPPING) {
		problem_add(problems, yaml.each, "each: a mapping of names to lists is expected");
		return 0;
	}
	x.variables.items = arena_alloc(&d->arena, (yaml.each ? yaml.each->n_children + 1 : 1) *
							   sizeof *x.variables.items);
	if (!x.variables.items)
		return ERR_NOMEM;
	return expand_each(&x, yaml.each ? yaml.each->child : NULL);
}
