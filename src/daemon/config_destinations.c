// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_parts.h"
#include "config_url.h"

/* What destinations of both kinds have in common. */
struct destination_ref {
	const char **name, *url;
	const struct tree *where;
};

/* Headers that say how a request was made are not for the configuration to say. */
static const char *const reserved_headers[] = {
	"Accept-Encoding",
	"Connection",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"Expect",
	"Host",
	"Keep-Alive",
	"Transfer-Encoding",
	"User-Agent",
	"TE",
	"Trailer",
	"Upgrade",
	"X-Prometheus-Remote-Write-Version",
};

static const char *const credential_headers[] = { "Authorization", "Proxy-Authorization",
						  "Cookie" };

static const struct tree *place(const struct tree *item, const char *key)
{
	const struct tree *child = tree_child(item, key);

	return child ? child : item;
}

static bool contains(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static bool is_token(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "!#$%&'*+-.^_`|~");

	return len > 0 && !name[len];
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* Values are not told: they may be secrets. */
static void check_header(struct problems *problems, const struct pair *header)
{
	if (!is_token(header->name))
		problem_add(problems, header->where,
			    "headers: \"%.100s\" is not the name of a header; write it without "
			    "spaces and colon",
			    header->name);
	else if (contains(credential_headers, N(credential_headers), header->name))
		problem_add(problems, header->where,
			    "headers: %s is not supported yet; remove it, credentials must not "
			    "stand in this file",
			    header->name);
	else if (contains(reserved_headers, N(reserved_headers), header->name))
		problem_add(problems, header->where,
			    "headers: %s is set by slurm-pusher itself; remove it", header->name);
	else if (has_control(header->value))
		problem_add(problems, header->where,
			    "headers: the value of %s contains a line break or control character; "
			    "remove it",
			    header->name);
}

static void check_url(struct problems *problems, const struct tree *item, const char *url,
		      const char *(*problem_of)(const char *url))
{
	const char *problem = url ? problem_of(url) : NULL;

	if (!url && !tree_child(item, "url"))
		problem_add(problems, item, "url is missing; write url: http://HOST");
	else if (problem)
		problem_add(problems, place(item, "url"), "url: %s", problem);
}

static void check_remote_write(struct problems *problems, const struct tree *item,
			       const struct remote_write_config *rw)
{
	check_url(problems, item, rw->url, url_problem);
	for (size_t i = 0; i < rw->headers.n; i++)
		check_header(problems, &rw->headers.items[i]);
	if (rw->queue_config.min_backoff_ms > rw->queue_config.max_backoff_ms)
		problem_add(problems, place(item, "queue_config"),
			    "min_backoff is longer than max_backoff; make it shorter");
	if (strcmp(rw->protobuf_message, "prometheus.WriteRequest") != 0)
		problem_add(problems, place(item, "protobuf_message"),
			    "protobuf_message: \"%.100s\" is not supported yet; remove the key, or "
			    "write prometheus.WriteRequest",
			    rw->protobuf_message);
}

/* The same labels as external_labels have, of which a Pushgateway needs job. */
static int default_grouping(struct config *config, struct pairs *grouping)
{
	const struct pair *job = config_find(&config->global.external_labels, "job");
	const struct pair *cluster = config_find(&config->global.external_labels, "cluster");

	grouping->items = arena_alloc(&config->arena, 2 * sizeof(*grouping->items));
	if (!grouping->items)
		return ERR_NOMEM;
	if (cluster)
		grouping->items[grouping->n++] = *cluster;
	grouping->items[grouping->n++] =
		job ? *job : (struct pair){ .name = "job", .value = "slurm" };
	return 0;
}

static const char *const metric_labels[] = { "partition", "source", "destination", "reason",
					     "version" };

static void check_grouping(struct config_reading *r, const struct tree *item,
			   const struct pairs *grouping)
{
	const struct pair *job = config_find(grouping, "job");
	const struct pair *instance = config_find(grouping, "instance");

	config_label_names(r, grouping);
	if (!job || !job->value[0])
		problem_add(r->problems, place(item, "grouping"),
			    "grouping has no job, which a Pushgateway needs; write job: slurm");
	if (instance && !instance->value[0])
		problem_add(r->problems, instance->where,
			    "instance is empty; remove it, a group needs no instance");
	for (size_t i = 0; i < sizeof(metric_labels) / sizeof(*metric_labels); i++) {
		const struct pair *label = config_find(grouping, metric_labels[i]);

		if (label)
			problem_add(r->problems, label->where,
				    "%s is a label of the metrics themselves, which a grouping "
				    "would overwrite; use another name",
				    label->name);
	}
}

static int check_pushgateway(struct config_reading *r, const struct tree *item,
			     struct pushgateway_config *pg)
{
	check_url(r->problems, item, pg->url, pushgateway_url_problem);
	pg->gzip = strcmp(pg->compression, "gzip") == 0;
	if (!pg->gzip && strcmp(pg->compression, "none") != 0)
		problem_add(r->problems, place(item, "compression"),
			    "compression: \"%.100s\" is not known; write gzip or none",
			    pg->compression);
	if (!pg->grouping.items)
		return default_grouping(r->config, &pg->grouping);
	check_grouping(r, item, &pg->grouping);
	config_sort(&pg->grouping);
	return 0;
}

static int trim_slashes(struct config *config, const char **url)
{
	size_t len = *url ? strlen(*url) : 0;

	if (len == 0 || (*url)[len - 1] != '/')
		return 0;
	while (len > 0 && (*url)[len - 1] == '/')
		len--;
	*url = arena_copy(&config->arena, *url, len);
	return *url ? 0 : ERR_NOMEM;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_group(const struct pushgateway_config *a, const struct pushgateway_config *b)
{
	if (!same_text(a->url, b->url) || a->grouping.n != b->grouping.n)
		return false;
	for (size_t i = 0; i < a->grouping.n; i++)
		if (!same_text(a->grouping.items[i].name, b->grouping.items[i].name) ||
		    !same_text(a->grouping.items[i].value, b->grouping.items[i].value))
			return false;
	return true;
}

static void check_groups(struct config_reading *r)
{
	const struct list *list = &r->config->pushgateway;
	const struct pushgateway_config *pgs = list->items;

	for (size_t i = 0; i < list->n; i++)
		for (size_t j = 0; j < i; j++)
			if (pgs[i].url && same_group(&pgs[i], &pgs[j]))
				problem_add(
					r->problems, list->where[i],
					"the same url and grouping as another Pushgateway: each "
					"would replace what the other pushed; remove one");
}

static bool is_taken(const struct destination_ref *refs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (*refs[i].name && strcmp(*refs[i].name, name) == 0)
			return true;
	return false;
}

/* HOST:PORT; HOST:PORT-2 when that is taken, and so on. */
static const char *derive_name(struct config *config, const struct destination_ref *refs, size_t n,
			       const char *url)
{
	size_t len;
	const char *authority = url_authority(url, &len);
	const char *name = arena_copy(&config->arena, authority, len);

	for (int i = 2; name && is_taken(refs, n, name); i++)
		name = arena_format(&config->arena, "%.*s-%d", (int)len, authority, i);
	return name;
}

static int give_names(struct config_reading *r, struct destination_ref *refs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*refs[i].name && is_taken(refs, i, *refs[i].name))
			problem_add(r->problems, place(refs[i].where, "name"),
				    "name: \"%s\" is the name of another destination; choose "
				    "another one",
				    *refs[i].name);
	for (size_t i = 0; i < n; i++) {
		if (*refs[i].name || !refs[i].url)
			continue;
		*refs[i].name = derive_name(r->config, refs, n, refs[i].url);
		if (!*refs[i].name)
			return ERR_NOMEM;
	}
	return 0;
}

static int name_destinations(struct config_reading *r)
{
	struct config *config = r->config;
	struct remote_write_config *rws = config->remote_write.items;
	struct pushgateway_config *pgs = config->pushgateway.items;
	size_t n = 0;
	struct destination_ref *refs = arena_alloc(
		&config->arena, (config->remote_write.n + config->pushgateway.n) * sizeof(*refs));

	if (!refs)
		return ERR_NOMEM;
	for (size_t i = 0; i < config->remote_write.n; i++)
		refs[n++] = (struct destination_ref){ &rws[i].name, rws[i].url,
						      config->remote_write.where[i] };
	for (size_t i = 0; i < config->pushgateway.n; i++)
		refs[n++] = (struct destination_ref){ &pgs[i].name, pgs[i].url,
						      config->pushgateway.where[i] };
	return give_names(r, refs, n);
}

int config_destinations(struct config_reading *r)
{
	struct config *config = r->config;
	const struct remote_write_config *rws = config->remote_write.items;
	struct pushgateway_config *pgs = config->pushgateway.items;
	int code = 0;

	for (size_t i = 0; i < config->remote_write.n; i++)
		check_remote_write(r->problems, config->remote_write.where[i], &rws[i]);
	for (size_t i = 0; i < config->pushgateway.n && code == 0; i++) {
		code = check_pushgateway(r, config->pushgateway.where[i], &pgs[i]);
		if (code == 0)
			code = trim_slashes(config, &pgs[i].url);
	}
	if (code < 0)
		return code;
	check_groups(r);
	return name_destinations(r);
}
