// SPDX-License-Identifier: Apache-2.0
#include "request_encoder.h"

#include <stdlib.h>

#include "slurm_pusher/encode.h"

struct request_encoder {
	struct remote_write *rw;
	struct buf message; /* before compression */
};

enum { MAX_MESSAGE_BYTES = 32 << 20 };

/* Takes what fits of the block the encoder stands at; true if it took all of it. */
static int take_samples(struct request_encoder *e, const struct block *b,
			const struct batch_limits *limits, uint64_t *samples, int64_t *newest_ms,
			struct err *err)
{
	uint32_t room = limits->max_samples - (uint32_t)*samples;
	int taken = remote_write_append(e->rw, b->taken, room, limits->max_bytes, &e->message, err);

	if (taken <= 0)
		return taken;
	*samples += (uint64_t)taken;
	if (b->max_ms > *newest_ms)
		*newest_ms = b->max_ms;
	return b->taken + (uint32_t)taken == b->samples && *samples < limits->max_samples;
}

static int encode(void *ctx, const struct queue *q, const struct batch_limits *limits,
		  struct buf *body, uint64_t *samples, int64_t *newest_ms, struct err *err)
{
	struct request_encoder *e = ctx;
	int more = 1;

	*samples = 0;
	*newest_ms = 0;
	buf_clear(&e->message);
	for (const struct block *b = queue_next(q, NULL); b && more > 0; b = queue_next(q, b)) {
		int rc = remote_write_move(e->rw, b->segment, b->ordinal, b->bytes, b->n, err);

		/* What was taken before a block that cannot be read goes out first. */
		if (rc < 0 && *samples)
			break;
		if (rc < 0)
			return rc;
		if (b->done)
			continue;
		more = take_samples(e, b, limits, samples, newest_ms, err);
		if (more < 0)
			return more;
	}
	if (!*samples)
		return 0;
	return encode_snappy(e->message.ptr, e->message.len, body, err);
}

static void encoder_free(void *ctx)
{
	struct request_encoder *e = ctx;

	if (!e)
		return;
	remote_write_free(e->rw);
	buf_done(&e->message);
	free(e);
}

int request_encoder_new(struct encoder *out, const struct label *external, size_t n_external,
			struct err *err)
{
	struct request_encoder *e = calloc(1, sizeof *e);
	int rc;

	if (!e)
		return err_set(err, ERR_NOMEM, "encoder: out of memory");
	buf_init(&e->message, MAX_MESSAGE_BYTES);
	rc = remote_write_new(&e->rw, external, n_external, err);
	if (rc < 0) {
		encoder_free(e);
		return rc;
	}
	*out = (struct encoder){ .ctx = e, .encode = encode, .free = encoder_free };
	return 0;
}
