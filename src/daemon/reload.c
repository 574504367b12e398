// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "notify.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/log.h"

void log_problems(const struct problems *p)
{
	const struct buf *lines[] = { &p->errors, &p->warnings };

	for (int i = 0; i < 2; i++) {
		const char *line = buf_text(lines[i]);

		while (*line) {
			char text[1200];
			size_t n = strcspn(line, "\n");

			snprintf(text, sizeof text, "%.*s", (int)n, line);
			if (i == 0)
				log_error("configuration", "err", text, NULL);
			else
				log_warn("configuration", "warning", text, NULL);
			line += n + (line[n] == '\n');
		}
	}
}

/* The arrays whose lengths depend on the setup; they begin without a memory of the past. */
int daemon_size_arrays(struct daemon *d, const struct setup *s, struct err *err)
{
	size_t n_sources = collector_n_sources(s->collector);
	size_t n_destinations = s->config.remote_write.n + s->config.pushgateway.n;
	struct source_status *sources = calloc(n_sources + 1, sizeof *sources);
	struct destination_status *destinations = calloc(n_destinations + 1, sizeof *destinations);
	bool *down = calloc(n_sources + 1, sizeof *down);

	if (!sources || !destinations || !down) {
		free(sources);
		free(destinations);
		free(down);
		return err_set(err, ERR_NOMEM, "daemon: out of memory");
	}
	free(d->sources);
	free(d->destinations);
	free(d->source_was_down);
	d->sources = sources;
	d->destinations = destinations;
	d->source_was_down = down;
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int read_new(struct daemon *d, struct setup *new, struct err *err)
{
	struct setup_means means = daemon_means(d);
	struct problems problems;
	int rc;

	problems_init(&problems);
	rc = setup_read(new, d->flags, &problems, err);
	log_problems(&problems);
	problems_done(&problems);
	if (rc == 0 && !is_same_text(new->config.storage.path, d->setup.config.storage.path))
		rc = err_set(err, ERR_FORMAT, "storage.path cannot change in a reload; restart");
	return rc < 0 ? rc : setup_build(new, &means, &d->setup, err);
}

/* What the new configuration has no destination for. */
static void report_abandoned(const struct setup *old)
{
	for (size_t i = 0; i < old->n_outboxes; i++) {
		const struct outbox *o = &old->outboxes[i];
		struct destination_status s;

		if (!o->destination)
			continue;
		s = destination_status(o->destination);
		if (o->protocol == PROTOCOL_PUSHGATEWAY)
			log_warn("this group is not pushed any more and stays as it is; delete it "
				 "(curl -X DELETE) if it should not",
				 "destination", s.name, "url", s.url, NULL);
		else if (s.queue.samples)
			log_warn("destination is gone, and the samples that waited for it",
				 "destination", s.name, NULL);
	}
}

/* Another slurm.conf, or other commands, may mean another cluster. */
static void forget_other_cluster(struct daemon *d, const struct setup *old)
{
	const struct slurm_config *a = &d->setup.config.slurm, *b = &old->config.slurm;

	if (is_same_text(a->conf, b->conf) && is_same_text(a->path, b->path))
		return;
	d->told_cluster[0] = '\0';
	d->query_failed_before = false;
}

/* From here on there is no way back. */
static void replace(struct daemon *d, struct setup *new)
{
	struct setup old = d->setup;

	d->setup = *new;
	setup_take(&d->setup, &old);
	if (old.history)
		d->history_failures = 0; /* a new one counts its own */
	d->collecting = false;
	d->next_tick_ms = clock_mono_ms();
	cluster_query_done(&d->query);
	d->querying = false;
	forget_other_cluster(d, &old);
	daemon_take_cluster(d, &old);
	report_abandoned(&old);
	daemon_report_note(d);
	setup_done(&old);
}

void daemon_reload(struct daemon *d)
{
	static const char refused[] = "reload failed; the configuration before stays in force";
	struct setup new = { 0 };
	struct err err;
	int rc;

	notify_reloading();
	rc = read_new(d, &new, &err);
	if (rc == 0)
		rc = daemon_size_arrays(d, &new, &err);
	d->status.reload_ok = rc == 0;
	if (rc < 0) {
		setup_done(&new);
		snprintf(d->reload_error, sizeof d->reload_error, "%.250s", err.text);
		log_error(refused, "err", err.text, NULL);
		notify_ready(refused);
	} else {
		replace(d, &new);
		d->reload_error[0] = '\0';
		d->status.reload_ms = clock_wall_ms();
		log_open(d->setup.config.log.level);
		log_info("configuration reloaded", NULL);
		daemon_say_ready(d);
	}
}
