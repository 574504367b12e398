// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "slurm_pusher/arena.h"
#include "slurm_pusher/buf.h"
#include "slurm_pusher/map.h"
#include "slurm_pusher/model.h"
#include "slurm_pusher/utf8.h"

/* A series and what only the registry knows about it, in one allocation: the
 * labels and then the key, in which the labels' text lives. */
struct entry {
	struct series series; /* first: a series is its entry */
	uint64_t asked;       /* number of the sweep before which it was last asked for */
	size_t key_len;
	char *key;
	struct label labels[];
};

struct registry {
	struct arena arena; /* families */
	struct map families;
	struct map series; /* key -> struct entry */
	struct buf key;    /* of the series being asked for */
	uint64_t sweeps;
	uint64_t next_id;
	uint32_t *free_slots; /* slots of the dead, to be used again */
	size_t n_free, room_free;
};

enum { MAX_KEY_BYTES = 65536, REPLACEMENT_BYTES = 3 };

int registry_new(struct registry **out, struct err *err)
{
	struct registry *r = calloc(1, sizeof *r);

	if (!r)
		return err_set(err, ERR_NOMEM, "registry: out of memory");
	buf_init(&r->key, MAX_KEY_BYTES);
	r->next_id = 1;
	*out = r;
	return 0;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->series.n; i++)
		free(r->series.entries[i].value);
	map_done(&r->series);
	map_done(&r->families);
	buf_done(&r->key);
	free(r->free_slots);
	arena_done(&r->arena);
	free(r);
}

size_t registry_n_series(const struct registry *r)
{
	return r->series.n;
}

/* ---- families ---- */

static char *copy_help(struct registry *r, const char *help)
{
	struct buf clean;
	char *copy;

	buf_init(&clean, strlen(help) * REPLACEMENT_BYTES);
	utf8_add(&clean, help);
	copy = clean.failed ? NULL : arena_string(&r->arena, buf_text(&clean));
	buf_done(&clean);
	return copy;
}

static int add_family(struct registry *r, const char *name, enum metric_type type, const char *help,
		      const struct family **out, struct err *err)
{
	struct family *family = arena_alloc(&r->arena, sizeof *family);
	char *own_name = arena_string(&r->arena, name);
	char *own_help = copy_help(r, help);
	struct map_entry *e;

	if (!family || !own_name || !own_help)
		return err_set(err, ERR_NOMEM, "metric %s: out of memory", name);
	e = map_entry(&r->families, own_name, strlen(own_name));
	if (!e)
		return err_set(err, ERR_NOMEM, "metric %s: out of memory", name);
	*family = (struct family){ own_name, own_help, type, (uint32_t)r->families.n };
	e->value = family;
	*out = family;
	return 0;
}

int registry_family(struct registry *r, const char *name, enum metric_type type, const char *help,
		    const struct family **out, struct err *err)
{
	const struct family *family = map_gets(&r->families, name);

	if (family && family->type != type)
		return err_set(err, ERR_FORMAT, "metric %s: its type cannot change", name);
	if (family) {
		*out = family;
		return 0;
	}
	if (!metric_name_is_legal(name))
		return err_set(err, ERR_FORMAT, "\"%s\" is not a metric name", name);
	return add_family(r, name, type, help, out, err);
}

/* ---- series ---- */

static int compare_labels(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Copies the labels that have a value, sorted; returns how many. */
static int sort_labels(const struct label *labels, size_t n, struct label *sorted,
		       const struct family *family, struct err *err)
{
	int kept = 0;

	if (n > MODEL_MAX_LABELS)
		return err_set(err, ERR_FORMAT, "metric %s: more than %d labels", family->name,
			       MODEL_MAX_LABELS);
	for (size_t i = 0; i < n; i++) {
		if (!label_name_is_legal(labels[i].name))
			return err_set(err, ERR_FORMAT, "metric %s: \"%s\" is not a label name",
				       family->name, labels[i].name);
		if (*labels[i].value)
			sorted[kept++] = labels[i];
	}
	qsort(sorted, (size_t)kept, sizeof *sorted, compare_labels);
	for (int i = 1; i < kept; i++)
		if (strcmp(sorted[i - 1].name, sorted[i].name) == 0)
			return err_set(err, ERR_FORMAT, "metric %s: label %s is given twice",
				       family->name, sorted[i].name);
	return kept;
}

/* The key of a series: its family's name, then names and values, each with its NUL. */
static void write_key(struct buf *key, const struct family *family, const struct label *labels,
		      size_t n)
{
	buf_clear(key);
	buf_add(key, family->name, strlen(family->name) + 1);
	for (size_t i = 0; i < n; i++) {
		buf_add(key, labels[i].name, strlen(labels[i].name) + 1);
		utf8_add(key, labels[i].value);
		buf_addc(key, '\0');
	}
}

static struct entry *new_entry(const struct family *family, const struct buf *key, size_t n_labels)
{
	struct entry *e = malloc(sizeof *e + n_labels * sizeof e->labels[0] + key->len);
	char *text;

	if (!e)
		return NULL;
	*e = (struct entry){
		// cppcheck-suppress uninitdata ; it is where they will be
		.series = { .family = family, .labels = e->labels, .n_labels = (uint32_t)n_labels },
		.key = (char *)&e->labels[n_labels],
		.key_len = key->len,
	};
	memcpy(e->key, key->ptr, key->len);
	text = e->key + strlen(e->key) + 1;
	for (size_t i = 0; i < n_labels; i++) {
		e->labels[i].name = text;
		text += strlen(text) + 1;
		e->labels[i].value = text;
		text += strlen(text) + 1;
	}
	return e;
}

static int add_series(struct registry *r, const struct family *family, size_t n_labels,
		      struct entry **out, struct err *err)
{
	struct entry *e;
	struct map_entry *place;

	if (r->series.n >= MODEL_MAX_SERIES)
		return err_set(err, ERR_LIMIT, "metric %s: more than %d series", family->name,
			       MODEL_MAX_SERIES);
	e = new_entry(family, &r->key, n_labels);
	place = e ? map_entry(&r->series, e->key, e->key_len) : NULL;
	if (!place) {
		free(e);
		return err_set(err, ERR_NOMEM, "metric %s: out of memory", family->name);
	}
	place->value = e;
	e->series.id = r->next_id++;
	e->series.slot = r->n_free ? r->free_slots[--r->n_free] : (uint32_t)r->series.n - 1;
	*out = e;
	return 0;
}

int registry_series(struct registry *r, const struct family *family, const struct label *labels,
		    size_t n_labels, const struct series **out, struct err *err)
{
	struct label sorted[MODEL_MAX_LABELS];
	int n = sort_labels(labels, n_labels, sorted, family, err);
	struct entry *e;

	if (n < 0)
		return n;
	write_key(&r->key, family, sorted, (size_t)n);
	if (r->key.failed)
		return buf_check(&r->key, family->name, err);
	e = map_get(&r->series, r->key.ptr, r->key.len);
	if (!e) {
		int rc = add_series(r, family, (size_t)n, &e, err);

		if (rc < 0)
			return rc;
	}
	e->asked = r->sweeps;
	*out = &e->series;
	return 0;
}

/* ---- the end of a series ---- */

static bool is_forgotten(const struct registry *r, const struct entry *e)
{
	return e->asked + MODEL_KEEP_TICKS < r->sweeps;
}

static bool make_room_for_free_slots(struct registry *r, size_t more)
{
	uint32_t *slots;

	if (r->n_free + more <= r->room_free)
		return true;
	slots = realloc(r->free_slots, (r->n_free + more) * sizeof *slots);
	if (!slots)
		return false;
	r->free_slots = slots;
	r->room_free = r->n_free + more;
	return true;
}

/* The map has no removal: the living are put into a new one. Without memory for
 * that nothing is forgotten this time. */
static void keep_the_living(struct registry *r, size_t n_dead)
{
	struct map living = { 0 };

	if (!make_room_for_free_slots(r, n_dead))
		return;
	for (size_t i = 0; i < r->series.n; i++) {
		struct entry *e = r->series.entries[i].value;
		struct map_entry *place;

		if (is_forgotten(r, e))
			continue;
		place = map_entry(&living, e->key, e->key_len);
		if (!place) {
			map_done(&living);
			return;
		}
		place->value = e;
	}
	for (size_t i = 0; i < r->series.n; i++) {
		struct entry *e = r->series.entries[i].value;

		if (!is_forgotten(r, e))
			continue;
		r->free_slots[r->n_free++] = e->series.slot;
		free(e);
	}
	map_done(&r->series);
	r->series = living;
}

void registry_sweep(struct registry *r)
{
	size_t n_dead = 0;

	r->sweeps++;
	for (size_t i = 0; i < r->series.n; i++)
		n_dead += is_forgotten(r, r->series.entries[i].value);
	if (n_dead)
		keep_the_living(r, n_dead);
}
