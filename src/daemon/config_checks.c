// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "config_parts.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/history.h"

enum { LOOKBACK_SAFE_MS = 120000 };

static void check_times(const struct config_reading *r)
{
	const struct global_config *global = &r->config->global;

	if (global->scrape_interval_ms > LOOKBACK_SAFE_MS)
		warning_add(r->problems, config_place(r, "global", "scrape_interval"),
			    "scrape_interval is longer than 2m: PromQL looks back only 5m, so one "
			    "missed collection makes gaps in graphs; make it shorter");
	/* The default deadline is no fault of whoever only made the interval shorter. */
	if (global->scrape_timeout_ms > global->scrape_interval_ms &&
	    global->scrape_timeout_ms != config_defaults.global.scrape_timeout_ms)
		warning_add(r->problems, config_place(r, "global", "scrape_timeout"),
			    "scrape_timeout is longer than scrape_interval: a slow command delays "
			    "the next collection; make it shorter");
}

/* Of directories separated by colons. */
static bool all_are_absolute(const char *path)
{
	for (; path[0] == '/' && strchr(path, ':'); path = strchr(path, ':') + 1)
		;
	return path[0] == '/';
}

static void check_slurm(const struct config_reading *r)
{
	const struct slurm_config *slurm = &r->config->slurm;
	struct err err = { 0 };
	int64_t ms;

	if (!all_are_absolute(slurm->path))
		problem_add(r->problems, config_place(r, "slurm", "path"),
			    "path: \"%.200s\" has a directory that does not begin with /; write "
			    "whole paths, with : between them",
			    slurm->path);
	if (slurm->reset_time &&
	    reset_time_parse(slurm->reset_time, clock_wall_ms(), false, &ms, &err) < 0)
		problem_add(r->problems, config_place(r, "slurm", "reset_time"), "reset_time: %s",
			    err.text);
}

static void check_log(const struct config_reading *r)
{
	struct config *config = r->config;

	if (!log_level_parse(config->log.text, &config->log.level))
		problem_add(r->problems, config_place(r, "log", "level"),
			    "level: \"%.100s\" is not a level; write debug, info, warning or error",
			    config->log.text);
}

static bool is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len >= 1 && len <= 5 && !text[len] && atoi(text) <= 65535;
}

/* HOST:PORT, [IPV6]:PORT or :PORT */
static bool is_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	const char *end = text;

	if (!colon || !is_port(colon + 1))
		return false;
	if (*text == '[')
		end += strcspn(text, "]") + 1;
	else
		end += strcspn(text, ":/ []");
	return end == colon;
}

static int set_port(struct config_reading *r)
{
	struct web_config *web = &r->config->web;
	const char *colon = strrchr(web->listen_address, ':');

	if (!is_port(r->flags->port)) {
		problem_add(r->problems, NULL,
			    "--port: \"%.100s\" is not a port; write a number up to 65535",
			    r->flags->port);
		return 0;
	}
	if (!web->enabled || !colon)
		return 0;
	web->listen_address =
		arena_format(&r->config->arena, "%.*s:%s", (int)(colon - web->listen_address),
			     web->listen_address, r->flags->port);
	return web->listen_address ? 0 : ERR_NOMEM;
}

static int check_web(struct config_reading *r)
{
	struct web_config *web = &r->config->web;

	if (!web->listen_address[0])
		web->enabled = false;
	else if (!is_address(web->listen_address))
		problem_add(r->problems, config_place(r, "web", "listen_address"),
			    "listen_address: \"%.100s\" is not an address; write HOST:PORT, such "
			    "as 127.0.0.1:9500, or :9500 for every address",
			    web->listen_address);
	return r->flags->port ? set_port(r) : 0;
}

/* systemd names the directory of a StateDirectory= so; the first one is ours. */
static int find_storage(struct config *config)
{
	const char *dirs = getenv("STATE_DIRECTORY");

	if (config->storage.path || !dirs || !*dirs)
		return 0;
	config->storage.path = arena_copy(&config->arena, dirs, strcspn(dirs, ":"));
	return config->storage.path ? 0 : ERR_NOMEM;
}

/* A directory that is not there has no files; one that cannot be read may have some. */
static int glob_fails(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static int add_files(struct config *config, const glob_t *found)
{
	struct strings *files = &config->metric_files;
	const char **items =
		arena_alloc(&config->arena, (files->n + found->gl_pathc) * sizeof(*items));

	if (!items)
		return ERR_NOMEM;
	if (files->n)
		memcpy(items, files->items, files->n * sizeof(*items));
	files->items = items;
	for (size_t i = 0; i < found->gl_pathc; i++) {
		items[files->n] = arena_string(&config->arena, found->gl_pathv[i]);
		if (!items[files->n++])
			return ERR_NOMEM;
	}
	return 0;
}

static int find_files(struct config_reading *r, const char *pattern)
{
	const struct tree *where = config_place(r, "metric_files", NULL);
	glob_t found = { 0 };
	int code = 0;

	switch (glob(pattern, 0, glob_fails, &found)) {
	case 0:
		code = add_files(r->config, &found);
		break;
	case GLOB_NOMATCH:
		if (!strpbrk(pattern, "*?["))
			problem_add(r->problems, where,
				    "metric_files: there is no %s; check the path", pattern);
		break;
	case GLOB_ABORTED:
		problem_add(r->problems, where,
			    "metric_files: the directory of %s cannot be read; check its "
			    "permissions",
			    pattern);
		break;
	default:
		code = ERR_NOMEM;
	}
	globfree(&found);
	return code;
}

static int find_metric_files(struct config_reading *r)
{
	const struct strings patterns = r->config->metric_files;
	int code = 0;

	r->config->metric_files = (struct strings){ 0 };
	for (size_t i = 0; i < patterns.n && code == 0; i++)
		code = find_files(r, patterns.items[i]);
	return code;
}

static void check_purpose(const struct config_reading *r)
{
	const struct config *config = r->config;
	bool pushes = config->remote_write.n + config->pushgateway.n > 0;

	if (r->flags->dry_run || pushes)
		return;
	if (r->flags->once)
		problem_add(
			r->problems, NULL,
			"--once has nowhere to push to; add --pushgateway.url=http://HOST:9091, "
			"or --dry-run to print the metrics");
	else if (!config->web.enabled)
		problem_add(r->problems, NULL,
			    "there is nothing to do: no destination, and no web page; add "
			    "--pushgateway.url=http://HOST:9091, or turn web on");
}

int config_checks(struct config_reading *r)
{
	int code;

	check_times(r);
	check_slurm(r);
	check_log(r);
	if ((code = check_web(r)) < 0 || (code = find_storage(r->config)) < 0 ||
	    (code = find_metric_files(r)) < 0)
		return code;
	check_purpose(r);
	return 0;
}
