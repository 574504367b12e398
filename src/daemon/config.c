// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <errno.h>
#include <string.h>

#include "config_parts.h"
#include "slurm_pusher/file.h"

const struct tree *config_place(const struct config_reading *r, const char *section,
				const char *key)
{
	for (size_t i = r->n_trees; i > 0; i--) {
		const struct tree *place = tree_child(r->trees[i - 1], section);

		if (place && key)
			place = tree_child(place, key);
		if (place)
			return place;
	}
	return NULL;
}

static int read_tree(struct config_reading *r, const struct tree *tree)
{
	struct config *config = r->config;

	r->trees[r->n_trees++] = tree;
	return schema_read(&config->arena, tree, config_keys, config, r->problems);
}

/* A path in the file is relative to the directory of the file. */
static int resolve(struct config *config, const char **path)
{
	const char *slash = strrchr(config->file, '/');

	if (!*path || (*path)[0] == '/' || !slash)
		return 0;
	*path = arena_format(&config->arena, "%.*s/%s", (int)(slash - config->file), config->file,
			     *path);
	return *path ? 0 : ERR_NOMEM;
}

static int resolve_paths(struct config *config)
{
	int code;

	if ((code = resolve(config, &config->storage.path)) < 0 ||
	    (code = resolve(config, &config->slurm.conf)) < 0)
		return code;
	for (size_t i = 0; i < config->metric_files.n && code == 0; i++)
		code = resolve(config, &config->metric_files.items[i]);
	return code;
}

static int read_text(struct config_reading *r, const char *path, const struct buf *text)
{
	struct config *config = r->config;
	struct err err = { 0 };
	struct tree *root;
	int code = tree_read(&config->arena, path, buf_text(text), text->len, &root, &err);

	if (code == ERR_FORMAT) {
		problem_add(r->problems, NULL, "%s", err.text);
		return 0;
	}
	if (code < 0 || (code = read_tree(r, root)) < 0)
		return code;
	config->file = root->file;
	return resolve_paths(config);
}

static int note_unreadable(struct config_reading *r, const struct err *err)
{
	problem_add(r->problems, NULL, "%s; check the path and its permissions", err->text);
	return 0;
}

static int read_file(struct config_reading *r)
{
	const char *given = r->flags->config_file;
	const char *path = given ? given : CONFIG_DEFAULT_FILE;
	struct err err = { 0 };
	struct buf text;
	int code;

	if (!*path)
		return 0;
	buf_init(&text, TREE_MAX_BYTES + 1);
	code = file_read(path, &text, &err);
	if (code == 0)
		code = read_text(r, path, &text);
	else if (code == ERR_IO && errno == ENOENT && !given)
		code = 0;
	else if (code != ERR_NOMEM)
		code = note_unreadable(r, &err);
	buf_done(&text);
	return code;
}

/* A node as if read from a file that has the name of the flag. */
static struct tree *flag_node(struct config_reading *r, const struct flag *flag,
			      enum tree_kind kind, const char *key, struct tree *child)
{
	struct tree *node = arena_alloc(&r->config->arena, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->key = key;
	node->file = arena_format(&r->config->arena, "--%s", flag->name);
	node->child = child;
	node->n_children = child ? 1 : 0;
	return node->file ? node : NULL;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* { key: value } */
static struct tree *flag_pair(struct config_reading *r, const struct flag_setting *setting)
{
	const struct flag *flag = setting->flag;
	struct tree *value = flag_node(r, flag, TREE_SCALAR, flag->key, NULL);

	if (!value)
		return NULL;
	value->text = setting->value;
	if (flag->unit && is_number(setting->value))
		value->text = arena_format(&r->config->arena, "%s%s", setting->value, flag->unit);
	return value->text ? flag_node(r, flag, TREE_MAPPING, flag->section, value) : NULL;
}

static int read_flag_tree(struct config_reading *r, const struct flag *flag, struct tree *section)
{
	struct tree *root = section ? flag_node(r, flag, TREE_MAPPING, NULL, section) : NULL;

	return root ? read_tree(r, root) : ERR_NOMEM;
}

/* section: [ { key: value }, ... ], of all the uses of one flag */
static int read_list_flag(struct config_reading *r, const struct flag *flag)
{
	struct tree *list = flag_node(r, flag, TREE_SEQUENCE, flag->section, NULL);
	struct tree **end = list ? &list->child : NULL;

	for (size_t i = 0; i < r->flags->n_settings && end; i++) {
		if (r->flags->settings[i].flag != flag)
			continue;
		*end = flag_pair(r, &r->flags->settings[i]);
		end = *end ? &(*end)->next : NULL;
		list->n_children++;
	}
	return end ? read_flag_tree(r, flag, list) : ERR_NOMEM;
}

static bool names_destinations(const struct flags *flags, const struct flag *flag)
{
	for (size_t i = 0; i < flags->n_settings; i++)
		if (flags->settings[i].flag->repeats && (!flag || flags->settings[i].flag == flag))
			return true;
	return false;
}

static int read_flags(struct config_reading *r)
{
	const struct flags *flags = r->flags;
	int code = 0;

	for (size_t i = 0; i < flags->n_settings && code == 0; i++)
		if (!flags->settings[i].flag->repeats)
			code = read_flag_tree(r, flags->settings[i].flag,
					      flag_pair(r, &flags->settings[i]));
	if (names_destinations(flags, NULL))
		r->config->remote_write = r->config->pushgateway = (struct list){ 0 };
	for (const struct flag *flag = flag_table; flag->name && code == 0; flag++)
		if (flag->repeats && names_destinations(flags, flag))
			code = read_list_flag(r, flag);
	return code;
}

int config_load(const struct flags *flags, struct config *config, struct problems *problems,
		struct err *err)
{
	struct config_reading r = { .config = config, .flags = flags, .problems = problems };

	*config = config_defaults;
	if (read_file(&r) < 0 || read_flags(&r) < 0 || config_labels(&r) < 0 ||
	    config_destinations(&r) < 0 || config_checks(&r) < 0)
		return err_set(err, ERR_NOMEM, "no memory for the configuration");
	if (problems->n_errors)
		return err_set(err, ERR_FORMAT, "%zu error%s in the configuration",
			       problems->n_errors, problems->n_errors == 1 ? "" : "s");
	return 0;
}

void config_done(struct config *config)
{
	if (!config)
		return;
	arena_done(&config->arena);
	*config = (struct config){ 0 };
}
