// SPDX-License-Identifier: Apache-2.0
#include "daemon.h"
#include "page.h"

static int metrics(void *ctx, struct buf *out)
{
	const struct daemon *d = ctx;

	if (d->text.failed)
		return 503; /* half an exposition would look like a whole one */
	buf_add(out, buf_text(&d->text), d->text.len);
	return 200;
}

static int healthy(void *ctx, struct buf *out)
{
	(void)ctx;
	buf_adds(out, "slurm-pusher is healthy.\n");
	return 200;
}

static int ready(void *ctx, struct buf *out)
{
	const struct daemon *d = ctx;

	buf_adds(out, d->ready ? "slurm-pusher is ready.\n"
			       : "slurm-pusher has not collected anything yet.\n");
	return d->ready ? 200 : 503;
}

static int page(void *ctx, struct buf *out)
{
	struct daemon *d = ctx;

	daemon_look_at_itself(d);
	page_render(&d->status, out);
	return 200;
}

const struct web_page daemon_pages[] = {
	{ "/", "text/html; charset=utf-8", page },
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics },
	{ "/-/healthy", "text/plain; charset=utf-8", healthy },
	{ "/-/ready", "text/plain; charset=utf-8", ready },
};

const size_t n_daemon_pages = sizeof daemon_pages / sizeof *daemon_pages;
