// SPDX-License-Identifier: Apache-2.0
#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "slurm_pusher/file.h"

enum { MAX_DEFINITION_BYTES = 1 << 20 };

/* ---- reading ---- */

static int read_definition_file(struct setup *s, const char *path, struct problems *problems)
{
	struct buf text;
	struct err err;
	int rc;

	buf_init(&text, MAX_DEFINITION_BYTES);
	rc = file_read(path, &text, &err);
	if (rc == 0)
		rc = definitions_read(s->definitions, path, buf_text(&text), text.len, problems);
	else if (rc != ERR_NOMEM)
		rc = (problem_add(problems, NULL, "%s", err.text), 0);
	buf_done(&text);
	return rc;
}

static int read_definitions(struct setup *s, struct problems *problems, struct err *err)
{
	int rc = definitions_new(&s->definitions, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->config.metric_files.n && rc == 0; i++)
		rc = read_definition_file(s, s->config.metric_files.items[i], problems);
	if (rc == 0)
		rc = definitions_add(s->definitions, s->config.tables, s->config.metrics, problems);
	if (rc == 0)
		rc = definitions_finish(s->definitions, problems);
	if (rc < 0)
		return err_set(err, rc, "definitions: out of memory");
	return 0;
}

int setup_read(struct setup *s, const struct flags *flags, struct problems *problems,
	       struct err *err)
{
	int rc;

	*s = (struct setup){ 0 };
	rc = config_load(flags, &s->config, problems, err);
	/* What is wrong with the definitions is told in the same run. */
	if (rc == 0 || rc == ERR_FORMAT)
		rc = read_definitions(s, problems, err);
	if (rc == 0 && problems->n_errors)
		rc = err_set(err, ERR_FORMAT, "the configuration is not valid");
	return rc;
}

/* ---- the reset time ---- */

struct reset_time {
	const char *text;
	bool utc; /* without a zone it is UTC, not local time */
};

/* Written by the cluster's deployment, in UTC. No such file: text stays NULL. */
static int read_deploy_time(struct arena *arena, struct reset_time *out, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, 4096);
	rc = file_read(DEPLOY_TIME_FILE, &text, err);
	if (rc == ERR_IO && errno == ENOENT) {
		buf_done(&text);
		return 0;
	}
	if (rc == 0) {
		out->utc = true;
		out->text = arena_copy(arena, buf_text(&text), strcspn(buf_text(&text), "\r\n"));
		rc = out->text ? 0 : err_set(err, ERR_NOMEM, "out of memory");
	}
	buf_done(&text);
	return rc;
}

/* The one in force: configured, else that of the deployment, else a day before now. */
static int find_reset_time(const struct setup *s, struct arena *arena, struct reset_time *out,
			   struct err *err)
{
	*out = (struct reset_time){ .text = s->config.slurm.reset_time };
	if (!out->text) {
		int rc = read_deploy_time(arena, out, err);

		if (rc < 0)
			return rc;
	}
	if (!out->text)
		out->text = "24 hours ago";
	return 0;
}

/* ---- building ---- */

/* All that a history is made with, as one line: equal texts, equal histories. */
static const char *history_text(struct setup *s, const char *reset_time)
{
	const struct history_config *c = &s->config.history;

	return arena_format(&s->arena, "%s %s %s %s %lld %lld %lld %lld %lld", reset_time,
			    s->config.slurm.path, s->config.slurm.conf ? s->config.slurm.conf : "",
			    s->config.storage.path ? s->config.storage.path : "",
			    (long long)c->interval_ms, (long long)c->overlap_ms,
			    (long long)c->recount_interval_ms, (long long)c->timeout_ms,
			    (long long)s->config.slurm.max_output_bytes);
}

static int open_history(struct setup *s, const struct setup_means *means, const struct setup *old,
			struct err *err)
{
	const struct history_config *c = &s->config.history;
	struct history_options options = {
		.envp = s->envp,
		.path = s->config.slurm.path,
		.storage_path = s->config.storage.path,
		.read_only = means->mode == MODE_DRY_RUN,
		.interval_ms = c->interval_ms,
		.overlap_ms = c->overlap_ms,
		.recount_interval_ms = c->recount_interval_ms,
		.timeout_ms = c->timeout_ms,
		.max_output_bytes = (size_t)s->config.slurm.max_output_bytes,
	};
	struct reset_time reset;
	int rc;

	if (!c->enabled)
		return 0;
	rc = find_reset_time(s, &s->arena, &reset, err);
	if (rc < 0)
		return rc;
	options.reset_time = reset.text;
	options.reset_time_utc = reset.utc;
	s->history_settings = history_text(s, options.reset_time);
	if (!s->history_settings)
		return err_set(err, ERR_NOMEM, "history: out of memory");
	if (old && old->history && strcmp(old->history_settings, s->history_settings) == 0)
		return 0;
	rc = history_open(&s->history, &options, means->mono_ms, means->wall_ms, err);
	if (rc == ERR_FORMAT && reset.utc)
		err_prefix(err, "%s (remove it, or set slurm.reset_time)", DEPLOY_TIME_FILE);
	return rc;
}

/* The reset time as the commands of user-defined metrics take it: local, without a zone. */
static const char *start_time(struct setup *s, const struct setup_means *means,
			      const struct setup *old)
{
	const struct history *history = s->history ? s->history : old ? old->history : NULL;
	int64_t ms = means->wall_ms - 24 * 3600 * 1000;
	struct reset_time reset;
	char line[32];
	time_t seconds;
	struct tm tm;

	if (history && s->config.history.enabled)
		ms = history_status(history).reset_ms;
	else if (find_reset_time(s, &s->arena, &reset, NULL) == 0)
		(void)reset_time_parse(reset.text, means->wall_ms, reset.utc, &ms, NULL);
	seconds = (time_t)(ms / 1000);
	localtime_r(&seconds, &tm);
	strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_string(&s->arena, line);
}

static int new_collector(struct setup *s, const struct setup_means *means, const struct setup *old,
			 struct err *err)
{
	struct collect_options options = {
		.path = s->config.slurm.path,
		.envp = s->envp,
		.timeout_ms = s->config.global.scrape_timeout_ms,
		.max_output_bytes = (size_t)s->config.slurm.max_output_bytes,
		.start_time = start_time(s, means, old),
	};

	if (!options.start_time)
		return err_set(err, ERR_NOMEM, "collector: out of memory");
	return collector_new(&s->collector, s->definitions, &options, means->registry, err);
}

static int open_web(struct setup *s, const struct setup_means *means, const struct setup *old,
		    struct err *err)
{
	const struct web_config *c = &s->config.web;

	if (!c->enabled || means->mode != MODE_DAEMON)
		return 0;
	if (old && old->web && strcmp(old->config.web.listen_address, c->listen_address) == 0)
		return 0;
	return web_open(&s->web, c->listen_address, old ? old->web : NULL, means->pages,
			means->n_pages, means->pages_ctx, err);
}

int setup_build(struct setup *s, const struct setup_means *means, const struct setup *old,
		struct err *err)
{
	int rc;

	s->envp = collect_environment(&s->arena, s->config.slurm.path, s->config.slurm.conf);
	if (!s->envp)
		return err_set(err, ERR_NOMEM, "environment: out of memory");
	rc = open_history(s, means, old, err);
	if (rc == 0)
		rc = new_collector(s, means, old, err);
	if (rc == 0)
		rc = open_web(s, means, old, err);
	return rc;
}

void setup_take(struct setup *s, struct setup *old)
{
	if (!s->history && s->config.history.enabled) {
		s->history = old->history;
		old->history = NULL;
	}
	if (!s->web && s->config.web.enabled) {
		s->web = old->web;
		old->web = NULL;
	}
}

/* ---- destinations ---- */

/* The old outbox made with the same settings moves over whole. */
static bool take_same(struct outbox *o, char *settings, struct setup *old)
{
	bool found = false;

	for (size_t i = 0; old && settings && i < old->n_outboxes && !found; i++) {
		struct outbox *before = &old->outboxes[i];

		if (before->settings && strcmp(before->settings, settings) == 0) {
			*o = *before;
			*before = (struct outbox){ 0 };
			found = true;
		}
	}
	free(settings);
	return found;
}

static struct outbox *find_by_name(struct setup *old, const char *name)
{
	for (size_t i = 0; old && i < old->n_outboxes; i++)
		if (old->outboxes[i].destination &&
		    strcmp(destination_status(old->outboxes[i].destination).name, name) == 0)
			return &old->outboxes[i];
	return NULL;
}

static int put_remote_write(struct setup *s, const struct setup_means *means,
			    const struct remote_write_config *c, struct setup *old, struct err *err)
{
	struct outbox *o = &s->outboxes[s->n_outboxes];

	if (take_same(o, outbox_remote_write_settings(&s->config, c), old))
		return 0;
	return outbox_open_remote_write(o, means->deliver, &s->config, c,
					find_by_name(old, c->name), err);
}

static int put_pushgateway(struct setup *s, const struct setup_means *means,
			   const struct pushgateway_config *c, struct setup *old, struct err *err)
{
	struct outbox *o = &s->outboxes[s->n_outboxes];

	if (take_same(o, outbox_pushgateway_settings(c), old))
		return 0;
	return outbox_open_pushgateway(o, means->deliver, c, err);
}

/* One that cannot be made leaves its place to the next. */
static void keep(struct setup *s, int made, int *rc)
{
	if (made < 0)
		*rc = made;
	else
		s->n_outboxes++;
}

int setup_destinations(struct setup *s, const struct setup_means *means, const char *cluster,
		       struct setup *old, struct err *err)
{
	const struct remote_write_config *rw = s->config.remote_write.items;
	const struct pushgateway_config *pg = s->config.pushgateway.items;
	size_t n = s->config.remote_write.n + s->config.pushgateway.n;
	int rc = config_set_cluster(&s->config, cluster, err);

	if (rc < 0 || means->mode == MODE_DRY_RUN || n == 0)
		return rc;
	s->outboxes = calloc(n, sizeof *s->outboxes);
	if (!s->outboxes)
		return err_set(err, ERR_NOMEM, "destinations: out of memory");
	for (size_t i = 0; i < s->config.remote_write.n; i++)
		keep(s, put_remote_write(s, means, &rw[i], old, err), &rc);
	for (size_t i = 0; i < s->config.pushgateway.n; i++)
		keep(s, put_pushgateway(s, means, &pg[i], old, err), &rc);
	return rc;
}

void setup_done(struct setup *s)
{
	for (size_t i = 0; i < s->n_outboxes; i++)
		outbox_close(&s->outboxes[i]);
	free(s->outboxes);
	web_close(s->web);
	history_close(s->history);
	collector_free(s->collector);
	definitions_free(s->definitions);
	arena_done(&s->arena);
	config_done(&s->config);
	*s = (struct setup){ 0 };
}
