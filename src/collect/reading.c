// SPDX-License-Identifier: Apache-2.0
#include "reading.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

void reading_init(struct reading *r, const struct metric_definition *metric, const char *partition)
{
	*r = (struct reading){ .metric = metric, .partition = partition };
}

void reading_done(struct reading *r)
{
	if (!r)
		return;
	map_done(&r->rows);
	arena_done(&r->arena);
}

/* ---- the strategies ---- */

static int count_line(struct reading *r, const char *line, size_t n, struct err *err)
{
	(void)line, (void)n, (void)err;
	r->number = (double)r->n_lines;
	return 0;
}

/* All of the text is one number. */
static bool parse_number(const char *text, size_t n, double *out)
{
	char copy[64], *end;

	if (!n || n >= sizeof copy)
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	*out = strtod(copy, &end);
	return end != copy && !*end;
}

/* The first number in the text: as much as makes one, from its sign or point on. */
static bool find_number(const char *text, size_t n, double *out)
{
	static const char of_numbers[] = "0123456789.eE+-";
	char copy[64] = "";
	size_t at = 0, length = 0;

	while (at < n && !isdigit((unsigned char)text[at]))
		at++;
	if (at == n)
		return false;
	if (at > 0 && text[at - 1] == '.')
		at--;
	if (at > 0 && text[at - 1] == '-')
		at--;
	while (at + length < n && length < sizeof copy - 1 && text[at + length] &&
	       strchr(of_numbers, text[at + length]))
		length++;
	memcpy(copy, text + at, length);
	*out = strtod(copy, NULL);
	return true;
}

static int extract_number(struct reading *r, const char *line, size_t n, struct err *err)
{
	(void)err;
	if (r->n_lines == 1)
		snprintf(r->head, sizeof r->head, "%.*s", (int)(n < MAX_HEAD ? n : MAX_HEAD), line);
	if (!r->found)
		r->found = find_number(line, n, &r->number);
	return 0;
}

static bool is_separator(const struct metric_definition *m, char c)
{
	return m->separator ? c == m->separator : c == ' ' || c == '\t';
}

/* The column with that number, from 1; columns between blanks may have several of them. */
static bool find_column(const struct metric_definition *m, const char *line, size_t n,
			size_t number, struct word *out)
{
	size_t at = 0;

	for (size_t column = 1;; column++) {
		size_t start;

		while (!m->separator && at < n && is_separator(m, line[at]))
			at++;
		if (!m->separator && at == n)
			return false;
		for (start = at; at < n && !is_separator(m, line[at]);)
			at++;
		if (column == number) {
			*out = (struct word){ line + start, at - start };
			return true;
		}
		if (at++ >= n)
			return false;
	}
}

static int put_row(struct reading *r, const struct buf *key, double value, struct err *err)
{
	struct map_entry *e = map_entry(&r->rows, buf_text(key), key->len);

	if (e && e->value)
		return err_set(err, ERR_FORMAT, "a second row with the same labels");
	if (e) {
		e->key = arena_copy(&r->arena, buf_text(key), key->len);
		e->value = arena_alloc(&r->arena, sizeof value);
	}
	if (!e || !e->key || !e->value)
		return err_set(err, ERR_NOMEM, "out of memory");
	memcpy(e->value, &value, sizeof value);
	return 0;
}

static int read_columns(struct reading *r, const char *line, size_t n, struct err *err)
{
	const struct metric_definition *m = r->metric;
	struct word word;
	struct buf key;
	double value;
	int rc = 0;

	if (!find_column(m, line, n, m->value_column, &word))
		return err_set(err, ERR_FORMAT, "there is no column %zu", m->value_column);
	if (!parse_number(word.text, word.n, &value))
		return err_set(err, ERR_FORMAT, "column %zu: \"%.*s\" is not a number",
			       m->value_column, word.n > 40 ? 40 : (int)word.n, word.text);
	buf_init(&key, MAX_LINE_BYTES);
	for (size_t i = 0; i < m->n_label_columns && rc == 0; i++) {
		if (!find_column(m, line, n, m->label_columns[i].number, &word))
			rc = err_set(err, ERR_FORMAT, "there is no column %zu",
				     m->label_columns[i].number);
		else
			buf_add(&key, word.text, word.n), buf_addc(&key, '\0');
	}
	if (rc == 0)
		rc = buf_check(&key, "a row", err);
	if (rc == 0)
		rc = put_row(r, &key, value, err);
	buf_done(&key);
	return rc;
}

int reading_line(void *reading, const char *line, size_t n, struct err *err)
{
	static int (*const strategies[])(struct reading *, const char *, size_t, struct err *) = {
		[PARSE_COUNT_LINES] = count_line,
		[PARSE_EXTRACT_NUMBER] = extract_number,
		[PARSE_COLUMNS] = read_columns,
	};
	struct reading *r = reading;

	r->n_lines++;
	return strategies[r->metric->parse](r, line, n, err);
}

int reading_end(const struct reading *r, struct err *err)
{
	if (r->metric->parse == PARSE_EXTRACT_NUMBER && r->n_lines && !r->found)
		return err_set(err, ERR_FORMAT, "no number in its output: \"%s\"", r->head);
	return 0;
}

/* ---- samples ---- */

/* Labels: those of the columns (their values stand in `key`), the partition, the fixed ones. */
static int put_sample(const struct reading *r, const char *key, double value,
		      struct registry *registry, struct snapshot *s, struct err *err)
{
	const struct metric_definition *m = r->metric;
	struct label labels[MODEL_MAX_LABELS];
	size_t n = 0;

	if (m->n_label_columns + m->n_labels + 1 > MODEL_MAX_LABELS)
		return err_set(err, ERR_LIMIT, "metric %s: more than %d labels", m->name,
			       MODEL_MAX_LABELS);
	for (size_t i = 0; i < m->n_label_columns; i++) {
		labels[n++] = (struct label){ m->label_columns[i].name, key };
		key += strlen(key) + 1;
	}
	if (r->partition)
		labels[n++] = (struct label){ "partition", r->partition };
	for (size_t i = 0; i < m->n_labels; i++)
		labels[n++] = m->labels[i];
	return snapshot_put(s, registry, m->name, m->type, m->help, labels, n, value, err);
}

int reading_report(const struct reading *r, struct registry *registry, struct snapshot *s,
		   struct err *err)
{
	int rc = 0;

	if (r->metric->parse != PARSE_COLUMNS)
		return put_sample(r, "", r->number, registry, s, err);
	for (size_t i = 0; i < r->rows.n && rc == 0; i++) {
		const double *value = r->rows.entries[i].value;

		rc = put_sample(r, r->rows.entries[i].key, *value, registry, s, err);
	}
	return rc;
}
