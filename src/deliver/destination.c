// SPDX-License-Identifier: Apache-2.0
#include "destination.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "headers.h"

/* ---- its life ---- */

static int make_cargo(struct destination *dst, const struct destination_options *options,
		      struct err *err)
{
	int rc = 0;

	if (options->protocol == PROTOCOL_PUSHGATEWAY)
		return slot_new(&dst->cargo, options->gzip, options->delete_on_stop, err);
	if (dst->queue)
		queue_rebound(dst->queue, &options->queue);
	else
		rc = queue_open(&dst->queue, &options->queue, err);
	if (rc < 0)
		return rc;
	return batch_new(&dst->cargo, dst->queue, &dst->encoder, &options->limits, err);
}

static int set_up(struct destination *dst, const struct destination_options *options,
		  struct err *err)
{
	struct buf url;
	int rc = headers_check(options->headers, err);

	if (rc < 0)
		return rc;
	buf_init(&url, strlen(options->url));
	url_redact(options->url, &url);
	dst->url = url.ptr;
	dst->name = strdup(options->name);
	if (!dst->url || !dst->name)
		return err_set(err, ERR_NOMEM, "no memory for a destination");
	rc = connection_new(&dst->connection, dst->deliver->http, options->url, options->headers,
			    options->timeout_ms, err);
	return rc < 0 ? rc : make_cargo(dst, options, err);
}

int destination_new(struct destination **out, struct deliver *d,
		    const struct destination_options *options, struct err *err)
{
	struct destination *dst = calloc(1, sizeof *dst);
	struct destination **end = &d->first;
	int rc;

	if (!dst) {
		if (options->encoder.free)
			options->encoder.free(options->encoder.ctx);
		queue_close(options->inherited);
		return err_set(err, ERR_NOMEM, "no memory for a destination");
	}
	dst->deliver = d;
	dst->protocol = options->protocol;
	dst->encoder = options->encoder;
	dst->queue = options->inherited;
	dst->backoff = (struct backoff){ options->min_backoff_ms, options->max_backoff_ms, 0 };
	rc = set_up(dst, options, err);
	if (rc < 0) {
		destination_free(dst);
		err_prefix(err, "%s", options->name);
		return rc;
	}
	while (*end)
		end = &(*end)->next;
	*end = dst;
	*out = dst;
	return 0;
}

void destination_free(struct destination *dst)
{
	if (!dst)
		return;
	for (struct destination **p = &dst->deliver->first; *p; p = &(*p)->next) {
		if (*p == dst) {
			*p = dst->next;
			break;
		}
	}
	connection_free(dst->connection);
	if (dst->cargo)
		dst->cargo->kind->free(dst->cargo);
	queue_close(dst->queue);
	if (dst->encoder.free)
		dst->encoder.free(dst->encoder.ctx);
	free(dst->name);
	free(dst->url);
	free(dst);
}

struct queue *destination_dissolve(struct destination *dst)
{
	struct queue *queue = dst->queue;

	dst->queue = NULL;
	destination_free(dst);
	return queue;
}

/* ---- what its users ask ---- */

struct queue *destination_queue(struct destination *dst)
{
	return dst->queue;
}

int destination_offer(struct destination *dst, const struct buf *text, const struct buf *gzipped,
		      uint64_t samples, int64_t timestamp_ms, struct err *err)
{
	int rc = slot_offer(dst->cargo, text, gzipped, samples, timestamp_ms, err);

	if (rc < 0)
		err_prefix(err, "%s", dst->name);
	return rc;
}

static bool is_waiting(const struct destination *dst)
{
	return !dst->busy && dst->cargo->kind->waits(dst->cargo);
}

struct destination_status destination_status(const struct destination *dst)
{
	struct destination_status status = dst->status;

	status.name = dst->name;
	status.url = dst->url;
	status.protocol = dst->protocol;
	status.last_error = dst->last_error;
	status.ok = dst->last_error[0] == '\0';
	status.queue = dst->cargo->kind->stats(dst->cargo);
	if (dst->busy) {
		status.state = DESTINATION_SENDING;
	} else if (is_waiting(dst)) {
		status.state = DESTINATION_WAITING;
		status.next_attempt_ms = dst->next_attempt_ms;
	}
	return status;
}

bool destination_event(struct destination *dst, struct event *out)
{
	return report_next(&dst->report, out);
}

int64_t destination_due_ms(const struct destination *dst)
{
	return is_waiting(dst) ? dst->next_attempt_ms : INT64_MAX;
}

bool destination_is_drained(const struct destination *dst)
{
	return !dst->busy && !is_waiting(dst);
}

/* ---- what an answer does ---- */

static void taken(struct destination *dst, const struct http_answer *answer, int64_t wall_ms)
{
	struct destination_status *status = &dst->status;

	status->sent_samples += dst->load.samples;
	status->sent_bytes += dst->load.request.n;
	status->last_success_ms = wall_ms;
	if (dst->load.newest_ms > status->newest_sent_ms)
		status->newest_sent_ms = dst->load.newest_ms;
	dst->last_error[0] = '\0';
	dst->next_attempt_ms = 0;
	backoff_reset(&dst->backoff);
	report_good(&dst->report, answer->text);
}

static void refused(struct destination *dst, int status, const char *text, uint64_t samples)
{
	snprintf(dst->last_error, sizeof dst->last_error, "%s", text);
	dst->status.failed_samples += samples;
	dst->next_attempt_ms = 0;
	backoff_reset(&dst->backoff);
	report_rejected(&dst->report, status, text, samples);
}

static uint64_t chance(void)
{
	uint64_t value = 0;

	return getrandom(&value, sizeof value, GRND_NONBLOCK) < 0 ? 0 : value;
}

static void postpone(struct destination *dst, const char *text, int64_t least_ms, int64_t mono_ms)
{
	snprintf(dst->last_error, sizeof dst->last_error, "%s", text);
	dst->next_attempt_ms = mono_ms + backoff_next(&dst->backoff, least_ms, chance());
	report_failing(&dst->report, text);
}

static void settle(struct destination *dst, const struct http_answer *answer, int64_t mono_ms,
		   int64_t wall_ms)
{
	const struct answer meaning = {
		.status = answer->status,
		.retry_after_ms = retry_after_parse(answer->retry_after, wall_ms),
		.compressed = dst->load.compressed,
		.samples = (uint32_t)dst->load.samples,
	};
	enum verdict verdict = policy_verdict(dst->protocol, &meaning);
	uint64_t given_up = dst->cargo->kind->settle(dst->cargo, verdict, answer->status != 0);

	dst->busy = false;
	dst->status.last_duration_ms = answer->duration_ms;
	switch (verdict) {
	case VERDICT_SENT:
		taken(dst, answer, wall_ms);
		break;
	case VERDICT_REJECTED:
		refused(dst, answer->status, answer->text, given_up);
		break;
	case VERDICT_RETRY:
		dst->status.failed_samples += given_up;
		postpone(dst, answer->text, meaning.retry_after_ms, mono_ms);
		break;
	case VERDICT_REPAIR:
		postpone(dst, answer->text, dst->backoff.max_ms * BACKOFF_REPAIR_FACTOR, mono_ms);
		break;
	case VERDICT_SPLIT:
	case VERDICT_PLAIN:
		break; /* in its new form at once */
	}
}

static void start(struct destination *dst, int64_t mono_ms)
{
	struct err err = { 0 };
	int rc = dst->cargo->kind->load(dst->cargo, &dst->load, &err);

	if (rc == ERR_FORMAT) {
		refused(dst, rc, err.text, dst->load.samples);
		return;
	}
	if (rc == 0) {
		rc = connection_send(dst->connection, &dst->load.request, &err);
		if (rc < 0)
			dst->cargo->kind->settle(dst->cargo, VERDICT_RETRY, true);
	}
	if (rc < 0) {
		postpone(dst, err.text, 0, mono_ms);
		return;
	}
	dst->busy = true;
	dst->status.requests++;
	if (dst->load.attempts > 0)
		dst->status.retried_samples += dst->load.samples;
}

void destination_step(struct destination *dst, int64_t mono_ms, int64_t wall_ms)
{
	struct http_answer answer;

	if (dst->busy && connection_answer(dst->connection, &answer))
		settle(dst, &answer, mono_ms, wall_ms);
	if (!dst->busy && dst->queue)
		queue_expire(dst->queue, wall_ms);
	if (is_waiting(dst) && mono_ms >= dst->next_attempt_ms)
		start(dst, mono_ms);
}
