// SPDX-License-Identifier: Apache-2.0
/*
 * slot: the newest snapshot on its way to a Pushgateway. While one is under way the
 * next may be put beside it; the DELETE at the end is a push like any other, with
 * nothing in it.
 */
#include <stdlib.h>

#include "cargo.h"

enum {
	PUSH_MAX_BYTES = 256 << 20,
	/* A Pushgateway may close the connection instead of answering that it does not
	 * like what it got: do not try the same for ever. */
	PUSH_MAX_BREAKS = 3,
};

struct push {
	enum { PUSH_NONE, PUSH_PUT, PUSH_DELETE } what;
	struct buf text, gzipped;
	uint64_t samples;
	int64_t timestamp_ms;
	unsigned attempts;
	unsigned breaks; /* network errors */
	bool plain;      /* its compressed body was refused */
};

struct slot {
	struct cargo cargo;
	bool delete_on_stop, stopping;
	enum { GZIP_UNKNOWN, GZIP_TAKEN, GZIP_REFUSED } gzip;
	struct push now;
	struct push next; /* used only while `now` is under way */
	bool under_way;
	bool pushed;       /* since the start */
	uint64_t replaced; /* samples, by something newer before they were sent */
};

static const struct cargo_kind slot_kind;

int slot_new(struct cargo **out, bool gzip, bool delete_on_stop, struct err *err)
{
	struct slot *s = calloc(1, sizeof *s);

	if (!s)
		return err_set(err, ERR_NOMEM, "no memory for a slot");
	s->cargo.kind = &slot_kind;
	s->delete_on_stop = delete_on_stop;
	s->gzip = gzip ? GZIP_UNKNOWN : GZIP_REFUSED;
	buf_init(&s->now.text, PUSH_MAX_BYTES);
	buf_init(&s->now.gzipped, PUSH_MAX_BYTES);
	buf_init(&s->next.text, PUSH_MAX_BYTES);
	buf_init(&s->next.gzipped, PUSH_MAX_BYTES);
	*out = &s->cargo;
	return 0;
}

static void push_done(struct push *p)
{
	buf_done(&p->text);
	buf_done(&p->gzipped);
}

static void slot_free(struct cargo *cargo)
{
	struct slot *s = (struct slot *)cargo;

	push_done(&s->now);
	push_done(&s->next);
	free(s);
}

static void push_clear(struct push *p)
{
	buf_clear(&p->text);
	buf_clear(&p->gzipped);
	*p = (struct push){ .text = p->text, .gzipped = p->gzipped };
}

/* The place for something newer, emptied. */
static struct push *make_place(struct slot *s)
{
	struct push *p = s->under_way ? &s->next : &s->now;

	s->replaced += p->samples;
	push_clear(p);
	return p;
}

int slot_offer(struct cargo *cargo, const struct buf *text, const struct buf *gzipped,
	       uint64_t samples, int64_t timestamp_ms, struct err *err)
{
	struct slot *s = (struct slot *)cargo;
	struct push *p;

	if (s->stopping)
		return err_set(err, ERR_BUSY, "it is stopping");
	p = make_place(s);
	if (gzipped && s->gzip != GZIP_REFUSED)
		buf_add(&p->gzipped, gzipped->ptr, gzipped->len);
	if (p->gzipped.len == 0 || s->gzip != GZIP_TAKEN)
		buf_add(&p->text, text->ptr, text->len);
	if (buf_check(&p->text, "push", err) < 0 || buf_check(&p->gzipped, "push", err) < 0) {
		int code = p->text.failed ? p->text.failed : p->gzipped.failed;

		push_clear(p);
		s->replaced += samples;
		return code;
	}
	p->what = PUSH_PUT;
	p->samples = samples;
	p->timestamp_ms = timestamp_ms;
	return 0;
}

static void slot_stop(struct cargo *cargo)
{
	struct slot *s = (struct slot *)cargo;

	s->stopping = true;
	if (s->delete_on_stop && s->pushed)
		make_place(s)->what = PUSH_DELETE;
}

static bool slot_waits(const struct cargo *cargo)
{
	return ((const struct slot *)cargo)->now.what != PUSH_NONE;
}

static struct queue_stats slot_stats(const struct cargo *cargo)
{
	const struct slot *s = (const struct slot *)cargo;

	return (struct queue_stats){
		.samples = s->now.samples + s->next.samples,
		.dropped_full = s->replaced,
	};
}

static bool is_compressed(const struct slot *s, const struct push *p)
{
	return p->gzipped.len > 0 && !p->plain && s->gzip != GZIP_REFUSED;
}

static struct http_request push_request(const struct slot *s, const struct push *p)
{
	static const char content_type[] = "Content-Type: text/plain; version=0.0.4; charset=utf-8";
	static const char *const plain[] = { content_type, NULL };
	static const char *const compressed[] = { content_type, "Content-Encoding: gzip", NULL };

	if (p->what == PUSH_DELETE)
		return (struct http_request){ "DELETE", NULL, NULL, 0 };
	if (is_compressed(s, p))
		return (struct http_request){ "PUT", compressed, p->gzipped.ptr, p->gzipped.len };
	return (struct http_request){ "PUT", plain, buf_text(&p->text), p->text.len };
}

static int slot_load(struct cargo *cargo, struct load *out, struct err *err)
{
	struct slot *s = (struct slot *)cargo;
	struct push *p = &s->now;

	(void)err;
	s->under_way = true;
	s->pushed = true;
	*out = (struct load){
		.request = push_request(s, p),
		.samples = p->samples,
		.newest_ms = p->timestamp_ms,
		.attempts = p->attempts++,
		.compressed = is_compressed(s, p) && s->gzip == GZIP_UNKNOWN,
	};
	return 0;
}

static void learn_gzip(struct slot *s)
{
	if (is_compressed(s, &s->now))
		s->gzip = GZIP_TAKEN;
	else if (s->now.plain)
		s->gzip = GZIP_REFUSED;
}

/* What came while it was under way is newer, whatever became of it. */
static void move_up(struct slot *s)
{
	struct push old = s->now;

	if (s->next.what == PUSH_NONE)
		return;
	s->replaced += old.samples;
	s->now = s->next;
	s->next = old;
	push_clear(&s->next);
}

static uint64_t slot_settle(struct cargo *cargo, enum verdict verdict, bool answered)
{
	struct slot *s = (struct slot *)cargo;
	struct push *p = &s->now;
	uint64_t given_up = 0;

	s->under_way = false;
	if (verdict == VERDICT_SENT) {
		learn_gzip(s);
		push_clear(p);
	} else if (verdict == VERDICT_PLAIN) {
		p->plain = true;
	} else if (verdict == VERDICT_REJECTED || (!answered && ++p->breaks == PUSH_MAX_BREAKS)) {
		given_up = p->samples;
		push_clear(p);
	}
	move_up(s);
	return given_up;
}

static const struct cargo_kind slot_kind = {
	.waits = slot_waits,
	.load = slot_load,
	.settle = slot_settle,
	.stop = slot_stop,
	.stats = slot_stats,
	.free = slot_free,
};
