// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "label_packer.h"
#include "slurm_pusher/encode.h"

/* The bytes that stand before a field: its number and how it is written. */
enum {
	TIMESERIES = 1 << 3 | 2, /* of a WriteRequest; bytes with their length */
	SAMPLES = 2 << 3 | 2,    /* of a TimeSeries; likewise */
	VALUE = 1 << 3 | 1,      /* of a Sample; 64 bits */
	TIMESTAMP = 2 << 3 | 0,  /* of a Sample; varint */
};

enum { KEPT_MAX_BYTES = 1 << 30 };

/* Where the packed labels of a series are kept. */
struct packed {
	uint32_t at, n;
};

struct remote_write {
	struct label_packer packer;
	struct arena scratch;
	/* the segment */
	uint64_t segment;
	uint32_t n_learnt; /* blocks whose names are known */
	uint32_t next;     /* the ordinal to move on to */
	struct packed *series;
	size_t n_series;
	size_t series_room;
	struct buf kept;
	/* the block */
	int64_t timestamp_ms;
	const char *values;
	uint32_t *listed;  /* indices into series */
	uint32_t n_listed; /* 0 as long as no block was moved to */
	uint32_t listed_room;
};

int remote_write_new(struct remote_write **out, const struct label *external, size_t n_external,
		     struct err *err)
{
	struct remote_write *rw = calloc(1, sizeof *rw);

	if (!rw)
		return err_set(err, ERR_NOMEM, "remote-write encoder: out of memory");
	if (label_packer_init(&rw->packer, external, n_external, err) < 0) {
		free(rw);
		return ERR_NOMEM;
	}
	buf_init(&rw->kept, KEPT_MAX_BYTES);
	*out = rw;
	return 0;
}

void remote_write_free(struct remote_write *rw)
{
	if (!rw)
		return;
	label_packer_done(&rw->packer);
	arena_done(&rw->scratch);
	free(rw->series);
	buf_done(&rw->kept);
	free(rw->listed);
	free(rw);
}

static void forget_segment(struct remote_write *rw)
{
	rw->n_learnt = 0;
	rw->next = 0;
	rw->n_series = 0;
	buf_clear(&rw->kept);
	rw->n_listed = 0;
}

static bool grow_series(struct remote_write *rw)
{
	size_t room = rw->series_room ? rw->series_room * 2 : 64;
	struct packed *series = realloc(rw->series, room * sizeof *series);

	if (!series)
		return false;
	rw->series = series;
	rw->series_room = room;
	return true;
}

static int learn_series(struct remote_write *rw, struct wire *names, struct err *err)
{
	struct block_series series;
	size_t at = rw->kept.len;
	int rc;

	if (rw->n_series == rw->series_room && !grow_series(rw))
		return err_set(err, ERR_NOMEM, "out of memory");
	rc = block_next_series(names, &rw->scratch, &series, err);
	if (rc == 0)
		rc = label_packer_add(&rw->packer, &series, &rw->kept, err);
	if (rc == 0)
		rc = buf_check(&rw->kept, "labels", err);
	arena_clear(&rw->scratch);
	if (rc == 0)
		rw->series[rw->n_series++] =
			(struct packed){ (uint32_t)at, (uint32_t)(rw->kept.len - at) };
	return rc;
}

static int learn_names(struct remote_write *rw, struct wire names, struct err *err)
{
	while (wire_left(&names) > 0) {
		int rc = learn_series(rw, &names, err);

		if (rc < 0)
			return rc;
	}
	rw->n_learnt++;
	return 0;
}

static int list_series(struct remote_write *rw, struct block_parts *parts, struct err *err)
{
	if (parts->n > rw->listed_room) {
		uint32_t *listed = realloc(rw->listed, parts->n * sizeof *listed);

		if (!listed)
			return err_set(err, ERR_NOMEM, "out of memory");
		rw->listed = listed;
		rw->listed_room = parts->n;
	}
	for (uint32_t i = 0; i < parts->n; i++) {
		uint64_t index = wire_varint(&parts->indices);

		if (index >= rw->n_series)
			return err_set(err, ERR_FORMAT, "series %" PRIu64 " of %zu", index,
				       rw->n_series);
		rw->listed[i] = (uint32_t)index;
	}
	if (parts->indices.damaged || wire_left(&parts->indices) > 0)
		return err_set(err, ERR_FORMAT, "damaged in its list of series");
	rw->n_listed = parts->n;
	return 0;
}

static int move(struct remote_write *rw, const void *block, size_t n, struct err *err)
{
	struct block_parts parts;
	int rc = block_read(&parts, block, n, rw->n_listed, err);

	if (rc == 0 && rw->next == rw->n_learnt)
		rc = learn_names(rw, parts.names, err);
	if (rc == 0 && !parts.same)
		rc = list_series(rw, &parts, err);
	if (rc < 0)
		return rc;
	rw->timestamp_ms = parts.timestamp_ms;
	rw->values = parts.values;
	rw->next++;
	return 0;
}

int remote_write_move(struct remote_write *rw, uint64_t segment, uint32_t ordinal,
		      const void *block, size_t n, struct err *err)
{
	int rc;

	if (segment != rw->segment)
		forget_segment(rw);
	rw->segment = segment;
	if (ordinal == 0) {
		rw->next = 0;
		rw->n_listed = 0;
	}
	if (ordinal == rw->next)
		rc = move(rw, block, n, err);
	else
		rc = err_set(err, ERR_FORMAT, "block %" PRIu32 " is expected", rw->next);
	if (rc < 0) {
		forget_segment(rw);
		err_prefix(err, "block %" PRIu32 " of segment %" PRIu64, ordinal, segment);
	}
	return rc;
}

/* ---- the samples ---- */

enum {
	SAMPLE_VALUE_AT = 3, /* after the tag and length of the sample and the tag of its value */
	SAMPLE_MAX_BYTES = SAMPLE_VALUE_AT + 8 + 1 + VARINT_MAX_BYTES,
};

/* All samples of a block are the same bytes but for their value. */
static size_t sample_init(char *sample, int64_t timestamp_ms)
{
	char *to = sample + SAMPLE_VALUE_AT + sizeof(double);

	*to++ = TIMESTAMP;
	to = varint_put(to, (uint64_t)timestamp_ms);
	sample[0] = SAMPLES;
	sample[1] = (char)(to - sample - 2);
	sample[2] = VALUE;
	return (size_t)(to - sample);
}

int remote_write_append(struct remote_write *rw, uint32_t from, uint32_t max_samples,
			size_t max_bytes, struct buf *message, struct err *err)
{
	char sample[SAMPLE_MAX_BYTES];
	size_t n_sample = sample_init(sample, rw->timestamp_ms);
	uint32_t i = from;
	int rc;

	for (; i < rw->n_listed && i - from < max_samples; i++) {
		struct packed labels = rw->series[rw->listed[i]];
		size_t n = labels.n + n_sample;
		size_t total = 1 + varint_size(n) + n;
		char *to;

		if (message->len > 0 && message->len + total > max_bytes)
			break;
		to = buf_reserve(message, total);
		if (!to)
			break;
		*to++ = TIMESERIES;
		to = varint_put(to, n);
		memcpy(to, rw->kept.ptr + labels.at, labels.n);
		memcpy(sample + SAMPLE_VALUE_AT, rw->values + (size_t)i * sizeof(double),
		       sizeof(double));
		memcpy(to + labels.n, sample, n_sample);
		message->len += total;
	}
	rc = buf_check(message, "request", err);
	return rc < 0 ? rc : (int)(i - from);
}
