// SPDX-License-Identifier: Apache-2.0
#include "history_state.h"

#include <endian.h>
#include <string.h>

#include "slurm_pusher/file.h"

static const char magic[] = "slurm-pusher h1\n";

enum { LENGTH_AT = sizeof magic - 1, CRC_AT = LENGTH_AT + 8, HEADER_BYTES = CRC_AT + 4 };

/* ---- out ---- */

static void put_u32(struct buf *b, uint32_t n)
{
	n = htole32(n);
	buf_add(b, &n, sizeof n);
}

static void put_u64(struct buf *b, uint64_t n)
{
	n = htole64(n);
	buf_add(b, &n, sizeof n);
}

static void put_i64(struct buf *b, int64_t n)
{
	put_u64(b, (uint64_t)n);
}

static void put_bytes(struct buf *b, const char *bytes, size_t n)
{
	put_u32(b, (uint32_t)n);
	buf_add(b, bytes, n);
}

static void put_bitmap(struct buf *b, roaring_bitmap_t *bitmap)
{
	size_t n;
	char *to;

	roaring_bitmap_run_optimize(bitmap);
	n = roaring_bitmap_portable_size_in_bytes(bitmap);
	put_u32(b, (uint32_t)n);
	to = buf_reserve(b, n);
	if (to)
		b->len += roaring_bitmap_portable_serialize(bitmap, to);
}

static void put_ids(struct buf *b, struct ids *ids)
{
	put_u32(b, (uint32_t)ids->by_partition.n);
	for (size_t i = 0; i < ids->by_partition.n; i++) {
		const struct map_entry *e = &ids->by_partition.entries[i];

		put_bytes(b, e->key, e->key_len);
		put_bitmap(b, e->value);
	}
}

static void put_moments(struct buf *b, const struct moments *moments)
{
	put_u32(b, (uint32_t)moments->n);
	for (size_t i = 0; i < moments->n; i++) {
		put_i64(b, moments->all[i].at_s);
		put_u32(b, moments->all[i].id);
		put_bytes(b, moments->all[i].partition, moments->all[i].length);
	}
}

static void put_body(struct buf *b, struct history_state *state)
{
	put_bytes(b, state->reset_text, strlen(state->reset_text));
	put_i64(b, state->reset_s);
	put_u32(b, state->complete);
	put_i64(b, state->read_to_s);
	put_i64(b, state->recount_from_s);
	put_i64(b, state->recount_to_s);
	put_i64(b, state->counted_ms);
	for (int i = 0; i < N_TOTALS; i++)
		put_ids(b, &state->sets.ended[i]);
	put_ids(b, &state->sets.alive);
	put_ids(b, &state->sets.missing);
	put_moments(b, &state->sets.later);
	put_moments(b, &state->sets.requeued);
	put_bitmap(b, state->sets.suspects);
}

int history_state_encode(struct history_state *state, struct buf *out, struct err *err)
{
	uint64_t length;

	buf_clear(out);
	buf_add(out, magic, LENGTH_AT);
	put_u64(out, 0);
	put_u32(out, 0);
	put_body(out, state);
	if (buf_check(out, "the history's state", err) < 0)
		return err ? err->code : ERR_LIMIT;
	length = htole64(out->len - HEADER_BYTES);
	memcpy(out->ptr + LENGTH_AT, &length, sizeof length);
	return 0;
}

static uint32_t checksum(const struct buf *file)
{
	return htole32(file_crc32(file->ptr + HEADER_BYTES, file->len - HEADER_BYTES));
}

void history_state_seal(struct buf *file)
{
	uint32_t crc = checksum(file);

	memcpy(file->ptr + CRC_AT, &crc, sizeof crc);
}

/* ---- in ---- */

/* What is left to read; once something was not there, it stays `bad`. */
struct reader {
	const char *at, *end;
	bool bad;
};

static const char *take(struct reader *r, size_t n)
{
	const char *at = r->at;

	if (n > (size_t)(r->end - r->at))
		r->bad = true;
	if (r->bad)
		return NULL;
	r->at += n;
	return at;
}

static uint32_t take_u32(struct reader *r)
{
	const char *at = take(r, sizeof(uint32_t));
	uint32_t n = 0;

	if (at)
		memcpy(&n, at, sizeof n);
	return le32toh(n);
}

static int64_t take_i64(struct reader *r)
{
	const char *at = take(r, sizeof(uint64_t));
	uint64_t n = 0;

	if (at)
		memcpy(&n, at, sizeof n);
	return (int64_t)le64toh(n);
}

static const char *take_bytes(struct reader *r, size_t *n)
{
	*n = take_u32(r);
	return take(r, *n);
}

static roaring_bitmap_t *take_bitmap(struct reader *r)
{
	size_t n;
	const char *bytes = take_bytes(r, &n);
	roaring_bitmap_t *bitmap = NULL;

	if (bytes && roaring_bitmap_portable_deserialize_size(bytes, n) == n)
		bitmap = roaring_bitmap_portable_deserialize_safe(bytes, n);
	if (!bitmap)
		r->bad = true;
	return bitmap;
}

static int take_ids(struct reader *r, struct ids *ids, struct err *err)
{
	int rc = 0;

	for (uint32_t n = take_u32(r); n > 0 && !r->bad && rc == 0; n--) {
		size_t length;
		const char *partition = take_bytes(r, &length);
		roaring_bitmap_t *bitmap = take_bitmap(r);

		if (bitmap)
			rc = ids_put(ids, partition, length, bitmap, err);
	}
	return rc;
}

static int take_moments(struct reader *r, struct moments *moments, struct err *err)
{
	int rc = 0;

	for (uint32_t n = take_u32(r); n > 0 && !r->bad && rc == 0; n--) {
		struct moment moment = { .at_s = take_i64(r) };

		moment.id = take_u32(r);
		moment.partition = take_bytes(r, &moment.length);
		if (moment.partition)
			rc = moments_add(moments, &moment, &(bool){ false }, err);
	}
	return rc;
}

static void take_suspects(struct reader *r, struct history_sets *sets)
{
	roaring_bitmap_t *suspects = take_bitmap(r);

	if (!suspects)
		return;
	roaring_bitmap_free(sets->suspects);
	sets->suspects = suspects;
}

static void take_head(struct reader *r, struct history_state *state)
{
	size_t length;
	const char *text = take_bytes(r, &length);

	if (text && length < sizeof state->reset_text)
		memcpy(state->reset_text, text, length);
	else
		r->bad = true;
	state->reset_s = take_i64(r);
	state->complete = take_u32(r);
	state->read_to_s = take_i64(r);
	state->recount_from_s = take_i64(r);
	state->recount_to_s = take_i64(r);
	state->counted_ms = take_i64(r);
}

static int take_sets(struct reader *r, struct history_sets *sets, struct err *err)
{
	int rc = 0;

	for (int i = 0; i < N_TOTALS && rc == 0; i++)
		rc = take_ids(r, &sets->ended[i], err);
	if (rc == 0)
		rc = take_ids(r, &sets->alive, err);
	if (rc == 0)
		rc = take_ids(r, &sets->missing, err);
	if (rc == 0)
		rc = take_moments(r, &sets->later, err);
	if (rc == 0)
		rc = take_moments(r, &sets->requeued, err);
	if (rc == 0)
		take_suspects(r, sets);
	return rc;
}

static bool is_whole(const struct buf *file)
{
	uint64_t length;
	uint32_t crc;

	if (file->len < HEADER_BYTES || memcmp(file->ptr, magic, LENGTH_AT) != 0)
		return false;
	memcpy(&length, file->ptr + LENGTH_AT, sizeof length);
	memcpy(&crc, file->ptr + CRC_AT, sizeof crc);
	return le64toh(length) == file->len - HEADER_BYTES && crc == checksum(file);
}

int history_state_decode(struct history_state *state, const struct buf *file, struct err *err)
{
	struct reader r;
	int rc;

	if (!is_whole(file))
		return err_set(err, ERR_FORMAT, "it is damaged or of another version");
	r = (struct reader){ file->ptr + HEADER_BYTES, file->ptr + file->len, false };
	take_head(&r, state);
	rc = take_sets(&r, &state->sets, err);
	if (rc == 0 && (r.bad || r.at != r.end))
		return err_set(err, ERR_FORMAT, "it is not a state of the history");
	return rc;
}
