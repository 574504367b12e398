// SPDX-License-Identifier: Apache-2.0
#include "page.h"

#include "page_text.h"

/* HTML lets the end tags of cells, rows and items be left out; so does this file. */

static const char style[] =
	":root{color-scheme:light dark;--line:#8884;--dim:#777;--ok:#1a7f37;--bad:#cf222e}"
	"@media(prefers-color-scheme:dark){:root{--dim:#999;--ok:#57ab5a;--bad:#f47067}}"
	"body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}"
	"h1{margin:0;font-size:1.6rem}h2{margin:2.2rem 0 .4rem;font-size:1.1rem}"
	"h1 small,.dim,dt{color:var(--dim);font-weight:normal}"
	"div{overflow-x:auto}table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;padding:.35rem 1rem .35rem 0;border-top:1px solid var(--line);"
	"vertical-align:top}thead th{border:0;color:var(--dim);font-weight:normal}"
	"td,dd{font-variant-numeric:tabular-nums}td{white-space:nowrap}"
	".num{text-align:right}.why td{border:0;padding-top:0;white-space:normal;"
	"overflow-wrap:anywhere;color:var(--bad)}.ok{color:var(--ok)}.bad{color:var(--bad)}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.5rem;margin:0}"
	"dd{margin:0}nav a{margin-right:1rem}progress{width:12rem;vertical-align:middle}";

/* ---- the parts of a table ---- */

enum mood { GOOD, BAD, NEITHER };

static void put_state(struct buf *out, enum mood mood, const char *text)
{
	static const char *const classes[] = { "ok", "bad", "dim" };

	buf_addf(out, "<b class=%s>%s</b>", classes[mood], text);
}

static void put_count_cell(struct buf *out, uint64_t n)
{
	buf_adds(out, "<td class=num>");
	page_count(out, n);
}

static void put_ago_cell(struct buf *out, const struct status *st, int64_t then_ms)
{
	buf_adds(out, "<td>");
	page_ago(out, st->now_ms, then_ms);
}

/* A row of its own below the one it is about. */
static void put_why(struct buf *out, unsigned n_columns, const char *error)
{
	if (!*error)
		return;
	buf_addf(out, "<tr class=why><td colspan=%u>", n_columns);
	page_escape(out, error);
	buf_addc(out, '\n');
}

static void put_time_item(struct buf *out, const char *name, int64_t ms)
{
	buf_addf(out, "<dt>%s<dd>", name);
	page_time(out, ms);
	buf_addc(out, '\n');
}

/* ---- the page, from top to bottom ---- */

static unsigned count_down_sources(const struct status *st)
{
	unsigned down = st->history && *st->history->error;

	for (size_t i = 0; i < st->n_sources; i++)
		down += *st->sources[i].error != '\0';
	return down;
}

static unsigned count_failing_destinations(const struct status *st)
{
	unsigned failing = 0;

	for (size_t i = 0; i < st->n_destinations; i++)
		failing += !st->destinations[i].ok;
	return failing;
}

static void put_summary(struct buf *out, const struct status *st)
{
	unsigned down = count_down_sources(st), failing = count_failing_destinations(st);

	buf_adds(out, "<p>");
	if (down || failing)
		buf_addf(out,
			 "<b class=bad>Failing: %u of %zu sources, %u of %zu destinations.</b>",
			 down, st->n_sources + (st->history != NULL), failing, st->n_destinations);
	else if (st->tick_ms)
		put_state(out, GOOD, "Everything works.");
	else
		put_state(out, NEITHER, "The first collection is under way.");
	buf_addc(out, '\n');
}

static void put_head(struct buf *out, const struct status *st)
{
	buf_adds(out, "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8>"
		      "<meta name=viewport content=\"width=device-width\">\n<title>slurm-pusher");
	if (*st->cluster)
		buf_adds(out, " on ");
	page_escape(out, st->cluster);
	buf_addf(out, "</title>\n<style>%s</style>\n<h1>slurm-pusher <small>", style);
	page_escape(out, st->cluster);
	buf_adds(out, "</small></h1>\n<p class=dim>Version ");
	page_escape(out, st->version);
	buf_adds(out, ", up for ");
	page_duration(out, st->now_ms - st->start_ms);
	buf_adds(out, ". This page is from ");
	page_time(out, st->now_ms);
	buf_adds(out, ".\n<nav><a href=/metrics>/metrics</a> <a href=/-/healthy>/-/healthy</a> "
		      "<a href=/-/ready>/-/ready</a></nav>\n");
}

static void put_configuration(struct buf *out, const struct status *st)
{
	if (st->reload_ok) {
		put_time_item(out, "Configuration of", st->reload_ms);
		return;
	}
	buf_adds(out, "<dt>Configuration<dd><b class=bad>The last reload failed</b>, in use is the "
		      "one of ");
	page_time(out, st->reload_ms);
	buf_adds(out, "<br>");
	page_escape(out, st->reload_error);
	buf_addc(out, '\n');
}

static void put_collection(struct buf *out, const struct status *st)
{
	buf_adds(out, "<h2>Collection</h2>\n<dl><dt>Last<dd>");
	page_ago(out, st->now_ms, st->tick_ms);
	if (st->tick_ms) {
		buf_adds(out, ", took ");
		page_duration(out, st->tick_duration_ms);
	}
	buf_adds(out, "\n<dt>Every<dd>");
	page_duration(out, st->interval_ms);
	buf_adds(out, ", a command may take ");
	page_duration(out, st->timeout_ms);
	buf_adds(out, "\n<dt>Series<dd>");
	page_count(out, st->series);
	buf_adds(out, "\n<dt>Since the start<dd>");
	page_count(out, st->ticks);
	buf_adds(out, " collections, ");
	page_count(out, st->late_ticks);
	buf_adds(out, " late, ");
	page_count(out, st->errors);
	buf_adds(out, " errors\n");
	put_configuration(out, st);
	buf_adds(out, "</dl>\n");
}

static void put_source(struct buf *out, const struct status *st, const struct source_status *source)
{
	buf_adds(out, "<tr><th scope=row>");
	page_escape(out, source->name);
	buf_adds(out, "<td>");
	if (source->up)
		put_state(out, GOOD, "up");
	else if (*source->error)
		put_state(out, BAD, "down");
	else
		put_state(out, NEITHER, "not yet");
	put_ago_cell(out, st, source->last_success_ms);
	buf_adds(out, "<td class=num>");
	page_duration(out, source->duration_ms);
	put_count_cell(out, source->failures);
	buf_addc(out, '\n');
	put_why(out, 5, source->error);
}

static void put_sources(struct buf *out, const struct status *st)
{
	buf_adds(out, "<h2>Sources</h2>\n<div><table><thead><tr><th>Source<th>State"
		      "<th>Last success<th class=num>Took<th class=num>Failures<tbody>\n");
	for (size_t i = 0; i < st->n_sources; i++)
		put_source(out, st, &st->sources[i]);
	if (st->history) {
		struct source_status source = status_history_source(st->history);

		put_source(out, st, &source);
	}
	buf_adds(out, "</table></div>\n");
}

static void put_walk(struct buf *out, const struct history_status *h)
{
	double percent = status_walked(h) * 100;

	buf_addf(out, "<dt>Progress<dd><progress max=100 value=%.0f></progress> %.1f %%, up to ",
		 percent, percent);
	page_time(out, h->walked_to_ms);
	buf_adds(out, " of ");
	page_time(out, h->walk_end_ms);
	buf_addc(out, '\n');
}

static void put_history(struct buf *out, const struct status *st)
{
	static const char *const phases[] = {
		[HISTORY_FIRST_COUNT] = "first count: the totals have no values until it is done",
		[HISTORY_IDLE] = "up to date",
		[HISTORY_PASS] = "reading what is new",
		[HISTORY_RECOUNT] = "recount, in search of late records",
	};
	const struct history_status *h = st->history;

	if (!h)
		return;
	buf_addf(out, "<h2>History</h2>\n<dl><dt>Now<dd>%s\n", phases[h->phase]);
	if (h->phase == HISTORY_FIRST_COUNT || h->phase == HISTORY_RECOUNT)
		put_walk(out, h);
	put_time_item(out, "Jobs since", h->reset_ms);
	put_time_item(out, "Counted up to", h->watermark_ms);
	put_time_item(out, "Last recount", h->last_recount_ms);
	buf_adds(out, "<dt>Since the start<dd>");
	page_count(out, h->passes);
	buf_adds(out, " passes, ");
	page_count(out, h->rows);
	buf_adds(out, " rows\n");
	if (*h->note) {
		buf_adds(out, "<dt>Note<dd>");
		page_escape(out, h->note);
	}
	buf_adds(out, "</dl>\n");
}

static void put_destination_state(struct buf *out, const struct status *st,
				  const struct destination_status *d)
{
	if (!d->ok)
		put_state(out, BAD, "failing");
	else if (d->last_success_ms)
		put_state(out, GOOD, "ok");
	else
		put_state(out, NEITHER, "not yet");
	if (d->state == DESTINATION_SENDING)
		buf_adds(out, ", sending");
	if (d->state == DESTINATION_WAITING) {
		buf_adds(out, ", again in ");
		page_duration(out, d->next_attempt_ms - st->mono_ms);
	}
}

static void put_destination(struct buf *out, const struct status *st,
			    const struct destination_status *d)
{
	buf_adds(out, "<tr><th scope=row>");
	page_escape(out, d->name);
	buf_adds(out, "<br><span class=dim>");
	page_escape(out, d->url);
	buf_adds(out, "</span><td>");
	put_destination_state(out, st, d);
	put_ago_cell(out, st, d->last_success_ms);
	put_count_cell(out, d->sent_samples);
	put_count_cell(out, d->failed_samples);
	put_count_cell(out, d->queue.dropped_full + d->queue.dropped_too_old);
	put_count_cell(out, d->queue.samples);
	buf_adds(out, "<br><span class=dim>");
	page_bytes(out, d->queue.bytes);
	buf_adds(out, "</span>\n");
	put_why(out, 7, d->last_error);
}

static void put_destinations(struct buf *out, const struct status *st)
{
	buf_adds(out, "<h2>Destinations</h2>\n");
	if (st->n_waiting) {
		buf_addf(out,
			 "<p>%zu, waiting: nothing is sent before Slurm tells its ClusterName "
			 "(<code>scontrol show config</code>), or it is configured.\n",
			 st->n_waiting);
		return;
	}
	if (!st->n_destinations) {
		buf_adds(out, "<p>None: what is collected can be read at /metrics only.\n");
		return;
	}
	buf_adds(out, "<div><table><thead><tr><th>Destination<th>State<th>Last success"
		      "<th class=num>Sent<th class=num>Refused<th class=num>Dropped"
		      "<th class=num>Waiting<tbody>\n");
	for (size_t i = 0; i < st->n_destinations; i++)
		put_destination(out, st, &st->destinations[i]);
	buf_adds(out, "</table></div>\n<p class=dim>Numbers are of samples, since the start.\n");
}

void page_render(const struct status *st, struct buf *out)
{
	put_head(out, st);
	put_summary(out, st);
	put_collection(out, st);
	put_sources(out, st);
	put_history(out, st);
	put_destinations(out, st);
	buf_adds(out, "</html>\n");
}
