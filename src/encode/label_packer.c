// SPDX-License-Identifier: Apache-2.0
#include "label_packer.h"

#include <stdlib.h>
#include <string.h>

int label_packer_init(struct label_packer *p, const struct label *external, size_t n_external,
		      struct err *err)
{
	size_t room = n_external + MODEL_MAX_LABELS + 1;

	*p = (struct label_packer){ .n_external = n_external };
	p->external = arena_alloc(&p->arena, n_external * sizeof *p->external);
	p->labels = arena_alloc(&p->arena, room * sizeof *p->labels);
	p->pointers = arena_alloc(&p->arena, room * sizeof(Prometheus__Label *));
	if (!p->external || !p->labels || !p->pointers)
		goto nomem;
	for (size_t i = 0; i < room; i++)
		p->pointers[i] = &p->labels[i];
	for (size_t i = 0; i < n_external; i++) {
		p->external[i].name = arena_string(&p->arena, external[i].name);
		p->external[i].value = arena_string(&p->arena, external[i].value);
		if (!p->external[i].name || !p->external[i].value)
			goto nomem;
	}
	return 0;
nomem:
	label_packer_done(p);
	return err_set(err, ERR_NOMEM, "external labels: out of memory");
}

void label_packer_done(struct label_packer *p)
{
	if (!p)
		return;
	arena_done(&p->arena);
	*p = (struct label_packer){ 0 };
}

static void take(struct label_packer *p, const char *name, const char *value)
{
	Prometheus__Label *label = &p->labels[p->n++];

	prometheus__label__init(label);
	label->name = (char *)name;
	label->value = (char *)value;
}

static bool has_label(const struct block_series *series, const char *name)
{
	for (uint32_t i = 0; i < series->n_labels; i++)
		if (strcmp(series->labels[i].name, name) == 0)
			return true;
	return false;
}

static int compare_names(const void *a, const void *b)
{
	const Prometheus__Label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void gather(struct label_packer *p, const struct block_series *series)
{
	p->n = 0;
	take(p, "__name__", series->family);
	for (uint32_t i = 0; i < series->n_labels; i++)
		take(p, series->labels[i].name, series->labels[i].value);
	for (size_t i = 0; i < p->n_external; i++)
		if (!has_label(series, p->external[i].name))
			take(p, p->external[i].name, p->external[i].value);
	qsort(p->labels, p->n, sizeof *p->labels, compare_names);
}

int label_packer_add(struct label_packer *p, const struct block_series *series, struct buf *out,
		     struct err *err)
{
	Prometheus__TimeSeries message = PROMETHEUS__TIME_SERIES__INIT;
	char *to;

	gather(p, series);
	for (size_t i = 1; i < p->n; i++)
		if (compare_names(&p->labels[i - 1], &p->labels[i]) == 0)
			return err_set(err, ERR_FORMAT, "label %s comes twice", p->labels[i].name);
	message.labels = p->pointers;
	message.n_labels = p->n;
	to = buf_reserve(out, prometheus__time_series__get_packed_size(&message));
	if (to)
		out->len += prometheus__time_series__pack(&message, (uint8_t *)to);
	return 0;
}
