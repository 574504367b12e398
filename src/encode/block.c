// SPDX-License-Identifier: Apache-2.0
#include "block.h"

#include <inttypes.h>
#include <string.h>

static int damaged(struct err *err, const char *part)
{
	return err_set(err, ERR_FORMAT, "damaged in its %s", part);
}

int block_read(struct block_parts *parts, const void *block, size_t n, uint32_t n_before,
	       struct err *err)
{
	struct wire w = { block, (const char *)block + n, false };
	uint64_t version = wire_varint(&w);
	uint64_t count;

	if (version != BLOCK_VERSION)
		return err_set(err, ERR_FORMAT, "version %" PRIu64 " is not known", version);
	parts->timestamp_ms = (int64_t)wire_fixed64(&w);
	parts->names = wire_string(&w);
	count = wire_varint(&w);
	parts->same = count == 0;
	count = parts->same ? n_before : count - 1;
	if (w.damaged || count > MODEL_MAX_SERIES || count > wire_left(&w) / sizeof(double))
		return damaged(err, "frame");
	parts->n = (uint32_t)count;
	parts->indices = wire_take(&w, wire_left(&w) - count * sizeof(double));
	parts->values = w.at;
	if (parts->same && wire_left(&parts->indices) > 0)
		return damaged(err, "length");
	return 0;
}

/* An empty string, or one with a NUL inside, is none that a writer wrote. */
static int copy_string(struct wire *names, struct arena *scratch, const char **out, struct err *err)
{
	struct wire text = wire_string(names);

	if (text.at == text.end || memchr(text.at, '\0', wire_left(&text)))
		return damaged(err, "names");
	*out = arena_copy(scratch, text.at, wire_left(&text));
	return *out ? 0 : err_set(err, ERR_NOMEM, "out of memory");
}

int block_next_series(struct wire *names, struct arena *scratch, struct block_series *series,
		      struct err *err)
{
	uint64_t type = wire_varint(names);
	uint64_t n_labels;
	int rc;

	wire_string(names); /* help */
	rc = copy_string(names, scratch, &series->family, err);
	if (rc < 0)
		return rc;
	n_labels = wire_varint(names);
	if (names->damaged || type > METRIC_COUNTER || n_labels > MODEL_MAX_LABELS)
		return damaged(err, "names");
	series->n_labels = (uint32_t)n_labels;
	for (uint32_t i = 0; i < series->n_labels; i++) {
		struct label *label = &series->labels[i];

		rc = copy_string(names, scratch, &label->name, err);
		if (rc == 0)
			rc = copy_string(names, scratch, &label->value, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
