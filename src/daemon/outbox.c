// SPDX-License-Identifier: Apache-2.0
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "request_encoder.h"

enum {
	MAX_URL_BYTES = 8192,
	MAX_SETTINGS_BYTES = 65536,
	MAX_MESSAGE_BYTES = 3 << 20, /* before compression; receivers take at least 32 MB */
	PUSHGATEWAY_MIN_BACKOFF_MS = 500,
	PUSHGATEWAY_MAX_BACKOFF_MS = 10000,
};

/* ---- the grouping key ---- */

static bool is_plain(const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_.~-";

	return *value && value[strspn(value, plain)] == '\0' && strcmp(value, ".") != 0 &&
	       strcmp(value, "..") != 0;
}

static void add_group(struct buf *out, const struct pair *label)
{
	buf_addf(out, "/%s", label->name);
	if (is_plain(label->value)) {
		buf_addf(out, "/%s", label->value);
		return;
	}
	buf_adds(out, "@base64/");
	encode_base64url(label->value, strlen(label->value), out);
}

void pushgateway_url(struct buf *out, const char *url, const struct pairs *grouping)
{
	buf_addf(out, "%s/metrics", url);
	for (size_t i = 0; i < grouping->n; i++)
		if (strcmp(grouping->items[i].name, "job") == 0)
			add_group(out, &grouping->items[i]);
	for (size_t i = 0; i < grouping->n; i++)
		if (strcmp(grouping->items[i].name, "job") != 0)
			add_group(out, &grouping->items[i]);
}

/* ---- settings ---- */

static void add_pairs(struct buf *out, const char *what, const struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++)
		buf_addf(out, " %s[%s]=%s", what, pairs->items[i].name, pairs->items[i].value);
}

static char *take_text(struct buf *b)
{
	if (b->failed) {
		buf_done(b);
		return NULL;
	}
	return b->ptr;
}

char *outbox_remote_write_settings(const struct config *config, const struct remote_write_config *c)
{
	struct buf b;

	buf_init(&b, MAX_SETTINGS_BYTES);
	buf_addf(&b,
		 "remote_write %s %s timeout=%lld samples=%lld backoff=%lld-%lld age=%lld "
		 "bytes=%lld",
		 c->name, c->url, (long long)c->remote_timeout_ms,
		 (long long)c->queue_config.max_samples_per_send,
		 (long long)c->queue_config.min_backoff_ms,
		 (long long)c->queue_config.max_backoff_ms,
		 (long long)c->queue_config.sample_age_limit_ms, (long long)c->queue_max_bytes);
	add_pairs(&b, "header", &c->headers);
	add_pairs(&b, "label", &config->global.external_labels);
	return take_text(&b);
}

char *outbox_pushgateway_settings(const struct pushgateway_config *c)
{
	struct buf b;

	buf_init(&b, MAX_SETTINGS_BYTES);
	buf_addf(&b, "pushgateway %s %s timeout=%lld delete=%d gzip=%d", c->name, c->url,
		 (long long)c->timeout_ms, c->delete_on_stop, c->gzip);
	add_pairs(&b, "label", &c->grouping);
	return take_text(&b);
}

/* ---- destinations ---- */

/* "Name: value" lines, ended by NULL, in the arena. */
static const char *const *header_lines(struct arena *arena, const struct pairs *headers)
{
	const char **lines = arena_alloc(arena, (headers->n + 1) * sizeof *lines);

	for (size_t i = 0; lines && i < headers->n; i++) {
		lines[i] = arena_format(arena, "%s: %s", headers->items[i].name,
					headers->items[i].value);
		if (!lines[i])
			return NULL;
	}
	return lines;
}

/* The external labels as the encoder takes them. */
static int new_encoder(struct encoder *out, struct arena *arena, const struct pairs *external,
		       struct err *err)
{
	struct label *labels = arena_alloc(arena, (external->n + 1) * sizeof *labels);

	if (!labels)
		return err_set(err, ERR_NOMEM, "destination: out of memory");
	for (size_t i = 0; i < external->n; i++)
		labels[i] = (struct label){ external->items[i].name, external->items[i].value };
	return request_encoder_new(out, labels, external->n, err);
}

/* What waits, and the writer that knows the names in it, go from an outbox to the one that
 * takes its place. */
static int open_writer(struct outbox *out, struct destination_options *options,
		       struct outbox *before, struct err *err)
{
	if (!before || !before->writer)
		return block_writer_new(&out->writer, err);
	out->writer = before->writer;
	before->writer = NULL;
	options->inherited = destination_dissolve(before->destination);
	before->destination = NULL;
	return 0;
}

int outbox_open_remote_write(struct outbox *out, struct deliver *d, const struct config *config,
			     const struct remote_write_config *c, struct outbox *before,
			     struct err *err)
{
	struct arena arena = { 0 };
	struct destination_options options = {
		.name = c->name,
		.protocol = PROTOCOL_REMOTE_WRITE,
		.url = c->url,
		.timeout_ms = c->remote_timeout_ms,
		.min_backoff_ms = c->queue_config.min_backoff_ms,
		.max_backoff_ms = c->queue_config.max_backoff_ms,
		.queue = { .max_bytes = (size_t)c->queue_max_bytes,
			   .max_age_ms = c->queue_config.sample_age_limit_ms },
		.limits = { .max_samples = (uint32_t)c->queue_config.max_samples_per_send,
			    .max_bytes = MAX_MESSAGE_BYTES },
	};
	int rc;

	*out = (struct outbox){ .protocol = PROTOCOL_REMOTE_WRITE };
	options.headers = header_lines(&arena, &c->headers);
	out->settings = outbox_remote_write_settings(config, c);
	rc = options.headers && out->settings
		     ? open_writer(out, &options, before, err)
		     : err_set(err, ERR_NOMEM, "destination %s: out of memory", c->name);
	if (rc == 0)
		rc = new_encoder(&options.encoder, &arena, &config->global.external_labels, err);
	if (rc == 0)
		rc = destination_new(&out->destination, d, &options, err);
	arena_done(&arena);
	if (rc < 0)
		outbox_close(out);
	return rc;
}

int outbox_open_pushgateway(struct outbox *out, struct deliver *d,
			    const struct pushgateway_config *c, struct err *err)
{
	struct destination_options options = {
		.name = c->name,
		.protocol = PROTOCOL_PUSHGATEWAY,
		.timeout_ms = c->timeout_ms,
		.min_backoff_ms = PUSHGATEWAY_MIN_BACKOFF_MS,
		.max_backoff_ms = PUSHGATEWAY_MAX_BACKOFF_MS,
		.delete_on_stop = c->delete_on_stop,
		.gzip = c->gzip,
	};
	struct buf url;
	int rc;

	*out = (struct outbox){ .protocol = PROTOCOL_PUSHGATEWAY, .gzip = c->gzip };
	buf_init(&url, MAX_URL_BYTES);
	pushgateway_url(&url, c->url, &c->grouping);
	out->settings = outbox_pushgateway_settings(c);
	rc = out->settings ? buf_check(&url, "grouping key", err)
			   : err_set(err, ERR_NOMEM, "destination %s: out of memory", c->name);
	options.url = buf_text(&url);
	if (rc == 0)
		rc = destination_new(&out->destination, d, &options, err);
	buf_done(&url);
	if (rc < 0)
		outbox_close(out);
	return rc;
}

void outbox_close(struct outbox *o)
{
	if (!o)
		return;
	destination_free(o->destination);
	block_writer_free(o->writer);
	free(o->settings);
	*o = (struct outbox){ 0 };
}

/* ---- snapshots ---- */

static int put_block(struct outbox *o, const struct snapshot *s, struct err *err)
{
	struct queue *q = destination_queue(o->destination);
	struct block block = {
		.segment = queue_segment(q),
		.min_ms = s->timestamp_ms,
		.max_ms = s->timestamp_ms,
		.samples = (uint32_t)s->n,
	};
	struct buf bytes;
	int rc;

	buf_init(&bytes, MAX_MESSAGE_BYTES * 16);
	rc = block_write(o->writer, block.segment, s, &bytes, err);
	if (rc == 0)
		rc = buf_check(&bytes, "block", err);
	block.bytes = bytes.ptr;
	block.n = bytes.len;
	if (rc == 0)
		rc = queue_put(q, &block, err);
	buf_done(&bytes);
	return rc;
}

int outbox_put(struct outbox *o, const struct snapshot *s, const struct buf *text,
	       const struct buf *gzipped, struct err *err)
{
	if (o->protocol == PROTOCOL_REMOTE_WRITE)
		return put_block(o, s, err);
	return destination_offer(o->destination, text, o->gzip ? gzipped : NULL, s->n,
				 s->timestamp_ms, err);
}
