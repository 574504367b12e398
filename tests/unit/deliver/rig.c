// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { PATIENCE_MS = 5000 };

int64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A block that starts with '!' cannot be read. */
static int letters_encode(void *ctx, const struct queue *q, const struct batch_limits *limits,
			  struct buf *body, uint64_t *samples, int64_t *newest_ms, struct err *err)
{
	(void)ctx;
	*samples = 0;
	*newest_ms = 0;
	for (const struct block *b = queue_next(q, NULL); b; b = queue_next(q, b)) {
		uint64_t room = limits->max_samples - *samples;
		uint64_t n = b->samples - b->taken;

		if (b->done)
			continue;
		if (*(const char *)b->bytes == '!')
			return *samples > 0 ? 0 : err_set(err, ERR_FORMAT, "not letters");
		n = n < room ? n : room;
		if (n == 0)
			break;
		buf_add(body, (const char *)b->bytes + b->taken, n);
		*samples += n;
		*newest_ms = b->max_ms;
	}
	return buf_check(body, "letters", err);
}

static void letters_free(void *ctx)
{
	((struct rig *)ctx)->encoder_freed = true;
}

struct destination_options rig_options(struct rig *rig, enum protocol protocol)
{
	static char url[64];

	snprintf(url, sizeof url, "http://127.0.0.1:%d/some/path", rig->peer.port);
	return (struct destination_options){
		.name = "receiver",
		.protocol = protocol,
		.url = url,
		.timeout_ms = 5000,
		.min_backoff_ms = 5,
		.max_backoff_ms = 20,
		.gzip = true,
		.queue = { .max_bytes = 1 << 20, .segment_bytes = 1000 },
		.limits = { .max_samples = 4, .max_bytes = 1000 },
		.encoder = { rig, letters_encode, letters_free },
	};
}

void rig_start(struct rig *rig, const struct reply *script, size_t n_script)
{
	*rig = (struct rig){ .wall_ms = 1000 };
	peer_start(&rig->peer, script, n_script);
	assert_int_equal(deliver_new(&rig->d, "pusher/1", NULL), 0);
}

void rig_open(struct rig *rig, const struct destination_options *options)
{
	struct err err = { 0 };

	if (destination_new(&rig->dst, rig->d, options, &err) < 0)
		fail_msg("%s", err.text);
}

void rig_stop(struct rig *rig)
{
	deliver_free(rig->d);
	peer_stop(&rig->peer);
}

struct destination_status rig_status(const struct rig *rig)
{
	return destination_status(rig->dst);
}

static void turn(struct rig *rig)
{
	int64_t wait_ms = deliver_due_ms(rig->d) - real_ms();
	int64_t begin;

	assert_int_equal(deliver_wait(rig->d, NULL, 0, wait_ms < 5 ? wait_ms : 5, NULL), 0);
	begin = real_ms();
	deliver_step(rig->d, begin, rig->wall_ms);
	if (real_ms() - begin > rig->slowest_ms)
		rig->slowest_ms = real_ms() - begin;
}

void rig_run(struct rig *rig, int64_t for_ms)
{
	int64_t end_ms = real_ms() + for_ms;

	do
		turn(rig);
	while (real_ms() < end_ms);
}

bool rig_drain(struct rig *rig, int64_t limit_ms)
{
	int64_t end_ms = real_ms() + limit_ms;

	while (!deliver_is_drained(rig->d) && real_ms() < end_ms)
		turn(rig);
	return deliver_is_drained(rig->d);
}

void rig_until_heard(struct rig *rig, size_t n)
{
	int64_t end_ms = real_ms() + PATIENCE_MS;

	while (peer_n_heard(&rig->peer) < n || rig_status(rig).state == DESTINATION_SENDING) {
		turn(rig);
		if (real_ms() > end_ms)
			fail_msg("heard %zu requests, not %zu", peer_n_heard(&rig->peer), n);
	}
}

void rig_put(struct rig *rig, const char *text, int64_t ms)
{
	struct queue *q = destination_queue(rig->dst);
	struct block b = { .segment = queue_segment(q),
			   .min_ms = ms,
			   .max_ms = ms,
			   .samples = (uint32_t)strlen(text),
			   .bytes = text,
			   .n = strlen(text) };

	assert_int_equal(queue_put(q, &b, NULL), 0);
}

static void fill(struct buf *b, const char *text)
{
	buf_init(b, 1 << 20);
	buf_adds(b, text);
}

void rig_offer(struct rig *rig, const char *text, const char *gzipped)
{
	struct buf plain, compressed;

	fill(&plain, text);
	fill(&compressed, gzipped ? gzipped : "");
	assert_int_equal(destination_offer(rig->dst, &plain, gzipped ? &compressed : NULL,
					   strlen(text), 7, NULL),
			 0);
	buf_done(&plain);
	buf_done(&compressed);
}

const char *rig_bodies(struct rig *rig)
{
	static char text[4096];
	size_t len = 0;

	text[0] = '\0';
	pthread_mutex_lock(&rig->peer.mutex);
	for (size_t i = 0; i < rig->peer.n_heard && len < sizeof text; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? " " : "",
					rig->peer.heard[i].body);
	pthread_mutex_unlock(&rig->peer.mutex);
	return text;
}

const char *rig_method(struct rig *rig, size_t n)
{
	static char text[8];

	assert_true(n < peer_n_heard(&rig->peer));
	snprintf(text, sizeof text, "%.*s", (int)strcspn(rig->peer.heard[n].head, " "),
		 rig->peer.heard[n].head);
	return text;
}

const char *rig_header(struct rig *rig, size_t n, const char *name)
{
	static char value[256];
	char line[64];
	const char *found;

	assert_true(n < peer_n_heard(&rig->peer));
	snprintf(line, sizeof line, "\r\n%s: ", name);
	found = strcasestr(rig->peer.heard[n].head, line);
	if (!found)
		return NULL;
	found += strlen(line);
	snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\r"), found);
	return value;
}

void assert_event(struct rig *rig, enum event_kind kind, const char *text, uint64_t samples)
{
	struct event event;

	assert_true(destination_event(rig->dst, &event));
	assert_int_equal(event.kind, kind);
	assert_string_equal(event.text, text);
	assert_int_equal(event.samples, samples);
}

void assert_no_event(struct rig *rig)
{
	struct event event;

	assert_false(destination_event(rig->dst, &event));
}
