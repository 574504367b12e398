// SPDX-License-Identifier: Apache-2.0
#include "evaluate.h"

#include <stdlib.h>
#include <string.h>

/* ---- conditions ---- */

static bool word_is(const struct word *word, const char *text)
{
	return strlen(text) == word->n && memcmp(text, word->text, word->n) == 0;
}

/* Takes the next element off a list; false at its end. An empty list has one, empty. */
static bool next_element(struct word *list, char separator, struct word *element)
{
	const char *stop;

	if (!list->text)
		return false;
	stop = memchr(list->text, separator, list->n);
	*element = (struct word){ list->text, stop ? (size_t)(stop - list->text) : list->n };
	if (stop)
		*list = (struct word){ stop + 1, list->n - element->n - 1 };
	else
		list->text = NULL;
	return true;
}

static bool has_element(struct word list, char separator, const char *text)
{
	struct word element;

	while (next_element(&list, separator, &element))
		if (word_is(&element, text))
			return true;
	return false;
}

static struct word base_of(struct word flags)
{
	struct word base = { flags.text, 0 };

	next_element(&flags, '+', &base);
	return base;
}

/* Is it this word? A list is if one of its elements is, flags are if their base is. */
static bool matches(enum column_type type, const struct word *word, const char *text)
{
	struct word base;

	if (type == COLUMN_LIST)
		return has_element(*word, ',', text);
	if (type != COLUMN_FLAGS)
		return word_is(word, text);
	base = base_of(*word);
	return word_is(&base, text);
}

static bool matches_any(const struct condition *c, enum column_type type, const struct word *word)
{
	for (size_t i = 0; i < c->n_words; i++)
		if (matches(type, word, c->words[i]))
			return true;
	return false;
}

static bool has_any_flag(const struct condition *c, const struct word *word)
{
	for (size_t i = 0; i < c->n_words; i++)
		if (has_element(*word, '+', c->words[i]))
			return true;
	return false;
}

/* The word was found to be a number when its row was read. */
static double number_of(const struct word *word)
{
	char text[64];
	size_t n = word->n < sizeof text ? word->n : sizeof text - 1;

	memcpy(text, word->text, n);
	text[n] = '\0';
	return strtod(text, NULL);
}

static bool condition_holds(const struct condition *c, enum column_type type,
			    const struct word *word)
{
	switch (c->test) {
	case TEST_IS:
		return matches_any(c, type, word);
	case TEST_NOT:
		return !matches_any(c, type, word);
	case TEST_FLAG:
		return has_any_flag(c, word);
	case TEST_NO_FLAG:
		return !has_any_flag(c, word);
	case TEST_ABOVE:
		return number_of(word) > c->number;
	case TEST_BELOW:
		return number_of(word) < c->number;
	}
	return false;
}

static bool conditions_hold(const struct conditions *c, const struct table_definition *t,
			    const struct word *words)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t column = c->items[i].column;

		if (!condition_holds(&c->items[i], t->columns[column].type, &words[column]))
			return false;
	}
	return true;
}

/* ---- groups ---- */

/* What one metric has counted: values under the labels' values, each with a NUL after it. */
struct groups {
	const struct metric_definition *metric;
	struct arena arena;
	struct map values; /* -> double */
	struct buf key;
};

enum { MAX_KEY_BYTES = 65536 };

static double *group_value(struct groups *g, const char *key, size_t n)
{
	struct map_entry *e = map_entry(&g->values, key, n);

	if (!e)
		return NULL;
	if (!e->value) {
		e->key = arena_copy(&g->arena, key, n);
		e->value = e->key ? arena_alloc(&g->arena, sizeof(double)) : NULL;
	}
	return e->value;
}

/* Adds `amount` to every group the row is in: one for each combination of the elements
 * of its `by` columns from the i-th on. */
static int add_to_groups(struct groups *g, const struct word *words, size_t i, double amount)
{
	const struct metric_definition *m = g->metric;
	size_t length = g->key.len;
	struct word rest, element;
	double *value;
	char separator;

	if (i == m->n_by) {
		value = g->key.failed ? NULL : group_value(g, buf_text(&g->key), g->key.len);
		if (!value)
			return ERR_NOMEM;
		*value += amount;
		return 0;
	}
	rest = words[m->by[i] - m->table->columns];
	separator = m->by[i]->type == COLUMN_LIST ? ',' : '\0';
	if (m->by[i]->type == COLUMN_FLAGS)
		rest = base_of(rest);
	while (next_element(&rest, separator, &element)) {
		buf_add(&g->key, element.text, element.n);
		buf_addc(&g->key, '\0');
		if (add_to_groups(g, words, i + 1, amount) < 0)
			return ERR_NOMEM;
		g->key.len = length;
	}
	return 0;
}

static bool row_counts(const struct metric_definition *m, const struct word *words)
{
	return conditions_hold(&m->table->where, m->table, words) &&
	       conditions_hold(&m->where, m->table, words) &&
	       !(m->unless.n && conditions_hold(&m->unless, m->table, words));
}

static int count_rows(struct groups *g, const struct tally *t)
{
	const struct metric_definition *m = g->metric;

	for (size_t i = 0; i < t->tuples.n; i++) {
		const struct map_entry *tuple = &t->tuples.entries[i];
		struct word words[N_WORDS];
		double amount = (double)tally_count(tuple);

		tally_split(t, tuple, words);
		if (!row_counts(m, words))
			continue;
		if (m->sum)
			amount *= number_of(&words[m->sum - m->table->columns]);
		buf_clear(&g->key);
		if (add_to_groups(g, words, 0, amount) < 0)
			return ERR_NOMEM;
	}
	return 0;
}

/* ---- samples ---- */

static int put_group(const struct groups *g, const char *key, double value, struct registry *r,
		     struct snapshot *s, struct err *err)
{
	const struct metric_definition *m = g->metric;
	struct label labels[MODEL_MAX_LABELS];
	size_t n = 0;

	if (m->n_by + m->n_labels > MODEL_MAX_LABELS)
		return err_set(err, ERR_LIMIT, "metric %s: more than %d labels", m->name,
			       MODEL_MAX_LABELS);
	for (size_t i = 0; i < m->n_by; i++) {
		labels[n++] = (struct label){ m->by[i]->name, key };
		key += strlen(key) + 1;
	}
	for (size_t i = 0; i < m->n_labels; i++)
		labels[n++] = m->labels[i];
	return snapshot_put(s, r, m->name, m->type, m->help, labels, n, value, err);
}

static int put_groups(const struct groups *g, const struct domain *domain, struct registry *r,
		      struct snapshot *s, struct err *err)
{
	const double *value;
	int rc = 0;

	if (g->metric->n_by == 0) {
		value = map_get(&g->values, "", 0);
		return put_group(g, "", value ? *value : 0, r, s, err);
	}
	for (size_t i = 0; domain && i < domain->n && rc == 0; i++) {
		value = map_get(&g->values, domain->values[i], strlen(domain->values[i]) + 1);
		rc = put_group(g, domain->values[i], value ? *value : 0, r, s, err);
	}
	for (size_t i = 0; !domain && i < g->values.n && rc == 0; i++) {
		value = g->values.entries[i].value;
		rc = put_group(g, g->values.entries[i].key, *value, r, s, err);
	}
	return rc;
}

int evaluate_metric(const struct metric_definition *m, const struct tally *t,
		    const struct domain *domain, struct registry *r, struct snapshot *s,
		    struct err *err)
{
	struct groups g = { .metric = m };
	int rc;

	buf_init(&g.key, MAX_KEY_BYTES);
	rc = count_rows(&g, t);
	if (rc < 0)
		err_set(err, rc, "metric %s: out of memory", m->name);
	else
		rc = put_groups(&g, domain, r, s, err);
	map_done(&g.values);
	arena_done(&g.arena);
	buf_done(&g.key);
	return rc;
}

int evaluate_domain(const struct tally *t, size_t column, struct arena *arena, struct domain *out)
{
	const char **values = arena_alloc(arena, (t->tuples.n + 1) * sizeof *values);

	*out = (struct domain){ .values = values };
	for (size_t i = 0; values && i < t->tuples.n; i++) {
		struct word words[N_WORDS];

		tally_split(t, &t->tuples.entries[i], words);
		if (!conditions_hold(&t->table->where, t->table, words))
			continue;
		values[out->n] = arena_copy(arena, words[column].text, words[column].n);
		if (!values[out->n])
			return ERR_NOMEM;
		out->n++;
	}
	return values ? 0 : ERR_NOMEM;
}
