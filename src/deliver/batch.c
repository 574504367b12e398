// SPDX-License-Identifier: Apache-2.0
/*
 * batch: the front of a queue as a remote-write request. The body is kept until it is
 * settled, so that a retry sends the same bytes; it is made anew when some of its
 * samples have left the queue meanwhile (too old, or pushed out).
 */
#include <stdio.h>
#include <stdlib.h>

#include "cargo.h"

enum {
	BODY_SPARE_BYTES = 1 << 20, /* compression may add a little */
	RECOVERY_STEPS = 64,        /* requests from one sample back to the configured limit */
};

struct batch {
	struct cargo cargo;
	struct queue *queue;
	const struct encoder *encoder;
	struct batch_limits limits;
	uint32_t max_samples; /* for now: a 413 halves it, each success brings some back */
	struct buf body;
	uint64_t samples;  /* in the body; 0: there is none */
	uint64_t begin;    /* place of its first sample: queue_stats.left when it was made */
	int64_t newest_ms; /* among them */
	unsigned attempts; /* how often it was sent */
	char retry_header[32];
	const char *headers[5];
};

static const struct cargo_kind batch_kind;

int batch_new(struct cargo **out, struct queue *queue, const struct encoder *encoder,
	      const struct batch_limits *limits, struct err *err)
{
	struct batch *b = calloc(1, sizeof *b);

	if (!b)
		return err_set(err, ERR_NOMEM, "no memory for a batch");
	*b = (struct batch){
		.cargo = { &batch_kind },
		.queue = queue,
		.encoder = encoder,
		.limits = *limits,
		.max_samples = limits->max_samples,
		.headers = { "Content-Type: application/x-protobuf", "Content-Encoding: snappy",
			     "X-Prometheus-Remote-Write-Version: 0.1.0" },
	};
	buf_init(&b->body, limits->max_bytes + BODY_SPARE_BYTES);
	*out = &b->cargo;
	return 0;
}

static void batch_free(struct cargo *cargo)
{
	struct batch *b = (struct batch *)cargo;

	buf_done(&b->body);
	free(b);
}

static bool batch_waits(const struct cargo *cargo)
{
	return queue_stats(((const struct batch *)cargo)->queue).blocks > 0;
}

static struct queue_stats batch_stats(const struct cargo *cargo)
{
	return queue_stats(((const struct batch *)cargo)->queue);
}

static void forget_body(struct batch *b)
{
	b->samples = 0;
	b->attempts = 0;
}

/* Takes the batch out of the queue, except for what was dropped there meanwhile. */
static void leave_queue(struct batch *b)
{
	uint64_t end = b->begin + b->samples;
	uint64_t left = queue_stats(b->queue).left;

	if (end > left)
		queue_advance(b->queue, end - left);
	forget_body(b);
}

static uint64_t give_up_first_block(struct queue *q)
{
	const struct block *b = queue_next(q, NULL);
	uint64_t samples;

	while (b && b->done)
		b = queue_next(q, b);
	samples = b ? b->samples - b->taken : 0;
	queue_advance(q, samples);
	return samples;
}

static int make_body(struct batch *b, struct load *out, struct err *err)
{
	struct batch_limits limits = b->limits;
	int rc;

	limits.max_samples = b->max_samples;
	forget_body(b);
	buf_clear(&b->body);
	b->begin = queue_stats(b->queue).left;
	rc = b->encoder->encode(b->encoder->ctx, b->queue, &limits, &b->body, &b->samples,
				&b->newest_ms, err);
	if (rc == 0)
		rc = buf_check(&b->body, "request body", err);
	if (rc == 0 && b->samples == 0)
		rc = err_set(err, ERR_FORMAT, "the encoder finds no samples in what waits");
	if (rc < 0)
		forget_body(b);
	if (rc == ERR_FORMAT)
		out->samples = give_up_first_block(b->queue);
	return rc;
}

static int batch_load(struct cargo *cargo, struct load *out, struct err *err)
{
	struct batch *b = (struct batch *)cargo;

	*out = (struct load){ 0 };
	if (b->samples == 0 || b->begin != queue_stats(b->queue).left) {
		int rc = make_body(b, out, err);

		if (rc < 0)
			return rc;
	}
	snprintf(b->retry_header, sizeof b->retry_header, "Retry-Attempt: %u", b->attempts);
	b->headers[3] = b->attempts > 0 ? b->retry_header : NULL;
	*out = (struct load){
		.request = { "POST", b->headers, b->body.ptr, b->body.len },
		.samples = b->samples,
		.newest_ms = b->newest_ms,
		.attempts = b->attempts++,
	};
	return 0;
}

static void recover(struct batch *b)
{
	uint32_t step = b->limits.max_samples / RECOVERY_STEPS + 1;
	uint32_t missing = b->limits.max_samples - b->max_samples;

	b->max_samples += step < missing ? step : missing;
}

static uint64_t batch_settle(struct cargo *cargo, enum verdict verdict, bool answered)
{
	struct batch *b = (struct batch *)cargo;
	uint64_t samples = b->samples;

	(void)answered;
	switch (verdict) {
	case VERDICT_SENT:
		recover(b);
		leave_queue(b);
		return 0;
	case VERDICT_REJECTED:
		leave_queue(b);
		return samples;
	case VERDICT_SPLIT:
		b->max_samples = (uint32_t)(samples / 2);
		forget_body(b);
		return 0;
	default:
		return 0;
	}
}

static void batch_stop(struct cargo *cargo)
{
	(void)cargo; /* what waits is sent */
}

static const struct cargo_kind batch_kind = {
	.waits = batch_waits,
	.load = batch_load,
	.settle = batch_settle,
	.stop = batch_stop,
	.stats = batch_stats,
	.free = batch_free,
};
