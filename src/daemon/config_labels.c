// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "config_parts.h"
#include "slurm_pusher/model.h"

enum { MAX_VALUE = 1 << 20 };

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

void config_sort(struct pairs *labels)
{
	if (labels->n)
		qsort(labels->items, labels->n, sizeof(*labels->items), compare_names);
}

struct pair *config_find(const struct pairs *labels, const char *name)
{
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->items[i].name, name) == 0)
			return &labels->items[i];
	return NULL;
}

void config_label_names(struct config_reading *r, const struct pairs *labels)
{
	for (size_t i = 0; i < labels->n; i++)
		if (!label_name_is_legal(labels->items[i].name))
			problem_add(r->problems, labels->items[i].where,
				    "\"%.100s\" is not a label name; use letters, digits and _, no "
				    "digit first and no __ in front",
				    labels->items[i].name);
}

/* Appends what the dollar sign at `text` stands for; returns what follows, NULL if that is
 * not known. $$ is a dollar sign, ${NAME} and $NAME a variable of the environment. */
static const char *expand_dollar(struct config_reading *r, const struct pair *pair,
				 const char *text, struct buf *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789";
	bool braced = text[1] == '{';
	const char *name = text + 1 + braced;
	size_t len = strspn(name, letters);
	char variable[256];

	if (text[1] == '$') {
		buf_addc(out, '$');
		return text + 2;
	}
	if (len == 0 || len >= sizeof(variable) || (braced && name[len] != '}')) {
		problem_add(r->problems, pair->where,
			    "%.100s: a $ begins a variable, as in ${CLUSTER}; write $$ for a "
			    "dollar sign",
			    pair->name);
		return NULL;
	}
	memcpy(variable, name, len);
	variable[len] = '\0';
	if (!getenv(variable)) {
		problem_add(r->problems, pair->where,
			    "%.100s: the environment has no variable %s; set it, or write $$ for "
			    "a dollar sign",
			    pair->name, variable);
		return NULL;
	}
	buf_adds(out, getenv(variable));
	return name + len + braced;
}

static int expand(struct config_reading *r, struct pair *pair)
{
	const char *text = pair->value;
	struct buf out;

	if (!strchr(text, '$'))
		return 0;
	buf_init(&out, MAX_VALUE);
	while (text && *text) {
		size_t len = strcspn(text, "$");

		buf_add(&out, text, len);
		text += len;
		if (*text)
			text = expand_dollar(r, pair, text, &out);
	}
	pair->value = out.failed ? NULL : arena_string(&r->config->arena, buf_text(&out));
	buf_done(&out);
	return pair->value ? 0 : ERR_NOMEM;
}

/* An empty label is one that is not there, as everywhere in Prometheus. */
static void drop_empty(struct pairs *labels)
{
	size_t kept = 0;

	for (size_t i = 0; i < labels->n; i++)
		if (!labels->items[i].value || labels->items[i].value[0])
			labels->items[kept++] = labels->items[i];
	labels->n = kept;
}

int config_labels(struct config_reading *r)
{
	struct pairs *given = &r->config->global.external_labels, labels = { 0 };
	int code = 0;

	config_label_names(r, given);
	labels.items = arena_alloc(&r->config->arena, (given->n + 2) * sizeof(*labels.items));
	if (!labels.items)
		return ERR_NOMEM;
	for (size_t i = 0; i < given->n && code == 0; i++) {
		labels.items[i] = given->items[i];
		code = expand(r, &labels.items[i]);
	}
	labels.n = given->n;
	if (!config_find(&labels, "job"))
		labels.items[labels.n++] = (struct pair){ .name = "job", .value = "slurm" };
	if (!config_find(&labels, "cluster"))
		labels.items[labels.n++] = (struct pair){ .name = "cluster" };
	if (r->flags->cluster)
		config_find(&labels, "cluster")->value = r->flags->cluster;
	drop_empty(&labels);
	config_sort(&labels);
	*given = labels;
	return code;
}

static bool wants_cluster(const struct pairs *labels)
{
	for (size_t i = 0; i < labels->n; i++)
		if (!labels->items[i].value)
			return true;
	return false;
}

bool config_wants_cluster(const struct config *config)
{
	const struct pushgateway_config *pushgateways = config->pushgateway.items;

	for (size_t i = 0; i < config->pushgateway.n; i++)
		if (wants_cluster(&pushgateways[i].grouping))
			return true;
	return wants_cluster(&config->global.external_labels);
}

static void set_cluster(struct pairs *labels, const char *name)
{
	for (size_t i = 0; i < labels->n; i++)
		if (!labels->items[i].value)
			labels->items[i].value = name;
}

int config_set_cluster(struct config *config, const char *name, struct err *err)
{
	struct pushgateway_config *pushgateways = config->pushgateway.items;
	const char *copy = arena_string(&config->arena, name);

	if (!copy)
		return err_set(err, ERR_NOMEM, "no memory for the cluster's name");
	set_cluster(&config->global.external_labels, copy);
	for (size_t i = 0; i < config->pushgateway.n; i++)
		set_cluster(&pushgateways[i].grouping, copy);
	return 0;
}
