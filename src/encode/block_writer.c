// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "slurm_pusher/encode.h"

enum { NAMES_MAX_BYTES = 1 << 30 };

/* What the segment knows of the series in one slot of the registry. */
struct known {
	uint64_t id;
	uint32_t mention; /* 1 + its index in the segment; 0: not mentioned yet */
};

struct block_writer {
	uint64_t segment;
	struct known *known; /* by slot */
	size_t n_known;
	uint32_t n_mentions;
	uint32_t *listed; /* indices of the last block's series */
	size_t n_listed;
	size_t listed_room;
	bool must_list; /* `listed` is not what the block before had */
};

int block_writer_new(struct block_writer **out, struct err *err)
{
	struct block_writer *w = calloc(1, sizeof *w);

	if (!w)
		return err_set(err, ERR_NOMEM, "block writer: out of memory");
	*out = w;
	return 0;
}

void block_writer_free(struct block_writer *w)
{
	if (!w)
		return;
	free(w->known);
	free(w->listed);
	free(w);
}

static void start_segment(struct block_writer *w, uint64_t segment)
{
	if (w->n_known)
		memset(w->known, 0, w->n_known * sizeof *w->known);
	w->segment = segment;
	w->n_mentions = 0;
	w->n_listed = 0;
	w->must_list = false;
}

/* Takes back what a block that came to nothing mentioned beyond the first `n_mentions`. */
static void take_back(struct block_writer *w, uint32_t n_mentions)
{
	for (size_t slot = 0; slot < w->n_known; slot++)
		if (w->known[slot].mention > n_mentions)
			w->known[slot].mention = 0;
	w->n_mentions = n_mentions;
	w->must_list = true;
}

static bool grow_known(struct block_writer *w, uint32_t slot)
{
	size_t n = ((size_t)slot + 1) * 2;
	struct known *known = realloc(w->known, n * sizeof *known);

	if (!known)
		return false;
	memset(known + w->n_known, 0, (n - w->n_known) * sizeof *known);
	w->known = known;
	w->n_known = n;
	return true;
}

static bool grow_listed(struct block_writer *w, size_t n)
{
	uint32_t *listed = realloc(w->listed, n * sizeof *listed);

	if (!listed)
		return false;
	w->listed = listed;
	w->listed_room = n;
	return true;
}

static void add_names(struct buf *out, const struct series *series)
{
	wire_add_varint(out, series->family->type);
	wire_add_string(out, series->family->help);
	wire_add_string(out, series->family->name);
	wire_add_varint(out, series->n_labels);
	for (uint32_t i = 0; i < series->n_labels; i++) {
		wire_add_string(out, series->labels[i].name);
		wire_add_string(out, series->labels[i].value);
	}
}

/* Fills `listed` and `names`; says in `same` whether the list is as it was. */
static int list_series(struct block_writer *w, const struct snapshot *s, struct buf *names,
		       bool *same, struct err *err)
{
	*same = !w->must_list && w->n_listed == s->n;
	if (s->n > w->listed_room && !grow_listed(w, s->n))
		return err_set(err, ERR_NOMEM, "block: out of memory");
	for (size_t i = 0; i < s->n; i++) {
		const struct series *series = s->samples[i].series;
		struct known *known;

		if (series->slot >= w->n_known && !grow_known(w, series->slot))
			return err_set(err, ERR_NOMEM, "block: out of memory");
		known = &w->known[series->slot];
		if (known->mention == 0 || known->id != series->id) {
			add_names(names, series);
			*known = (struct known){ series->id, ++w->n_mentions };
		}
		*same = *same && w->listed[i] == known->mention - 1;
		w->listed[i] = known->mention - 1;
	}
	w->n_listed = s->n;
	w->must_list = false;
	return buf_check(names, "block", err);
}

static void add_values(struct buf *out, const struct snapshot *s)
{
	char *to = buf_reserve(out, s->n * sizeof(double));

	if (!to)
		return;
	for (size_t i = 0; i < s->n; i++)
		to = double_put(to, s->samples[i].value);
	out->len += s->n * sizeof(double);
}

static void add_block(const struct block_writer *w, const struct snapshot *s,
		      const struct buf *names, bool same, struct buf *out)
{
	wire_add_varint(out, BLOCK_VERSION);
	wire_add_fixed64(out, (uint64_t)s->timestamp_ms);
	wire_add_varint(out, names->len);
	buf_add(out, buf_text(names), names->len);
	wire_add_varint(out, same ? 0 : s->n + 1);
	for (size_t i = 0; !same && i < s->n; i++)
		wire_add_varint(out, w->listed[i]);
	add_values(out, s);
}

int block_write(struct block_writer *w, uint64_t segment, const struct snapshot *s, struct buf *out,
		struct err *err)
{
	struct buf names; /* in a block of series that are known it stays empty */
	uint32_t n_mentions;
	bool same;
	int rc;

	if (segment != w->segment)
		start_segment(w, segment);
	n_mentions = w->n_mentions;
	buf_init(&names, NAMES_MAX_BYTES);
	rc = list_series(w, s, &names, &same, err);
	if (rc == 0) {
		add_block(w, s, &names, same, out);
		rc = buf_check(out, "block", err);
	}
	if (rc < 0)
		take_back(w, n_mentions);
	buf_done(&names);
	return rc;
}
