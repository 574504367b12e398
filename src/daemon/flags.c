// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <stdio.h>
#include <string.h>

#include "config.h"

#define AT(field) .offset = offsetof(struct flags, field)

const struct flag flag_table[] = {
	{ "config.file", "FILE",
	  "read this file (default: " CONFIG_DEFAULT_FILE ", if it exists; empty: none)",
	  AT(config_file) },
	{ "pushgateway.url", "URL",
	  "push to this Pushgateway; may be repeated. Destinations given by flags take the "
	  "place of all destinations in the file",
	  .section = "pushgateway", .key = "url", .repeats = true },
	{ "remote-write.url", "URL", "push to this remote-write receiver; may be repeated",
	  .section = "remote_write", .key = "url", .repeats = true },
	{ "cluster", "NAME", "value of the label cluster (default: Slurm's ClusterName)",
	  AT(cluster) },
	{ "interval", "DURATION", "how often Slurm is looked at (default: 30s)",
	  .section = "global", .key = "scrape_interval" },
	{ "timeout", "SECONDS",
	  "deadline of each Slurm command, in seconds or as a duration (default: 30; those of "
	  "history 60)",
	  .section = "global", .key = "scrape_timeout", .unit = "s" },
	{ "timeout", "SECONDS", NULL, .section = "history", .key = "timeout", .unit = "s" },
	{ "reset-time", "TIME",
	  "count history from here: \"24 hours ago\", 2026-01-26, 2026-01-26T12:00:00 "
	  "(default: the cluster's deployment if it was recorded, else 24 hours ago)",
	  .section = "slurm", .key = "reset_time" },
	{ "storage.path", "DIR",
	  "keep the state of history here (default: $STATE_DIRECTORY, else nowhere)",
	  .section = "storage", .key = "path" },
	{ "web.listen-address", "HOST:PORT",
	  "serve /metrics here (default: 127.0.0.1:9500; :9500 is every address; empty: nowhere)",
	  .section = "web", .key = "listen_address" },
	{ "port", "N", "serve on this port instead of the address' own", AT(port) },
	{ "no-web", NULL, "serve nothing", .section = "web", .key = "enabled", .value = "false" },
	{ "log-level", "LEVEL", "DEBUG, INFO, WARNING or ERROR (default: INFO)", .section = "log",
	  .key = "level" },
	{ "log.level", "LEVEL", "the same", .section = "log", .key = "level" },
	{ "once", NULL, "collect, push, and exit with 0 if all of it worked", AT(once) },
	{ "dry-run", NULL, "collect, print the metrics, push nothing, write nothing", AT(dry_run) },
	{ "version", NULL, "print the version", AT(version) },
	{ "help", NULL, "print this", AT(help) },
	{ 0 },
};

static int add_setting(struct flags *flags, const struct flag *flag, const char *value,
		       struct err *err)
{
	if (flags->n_settings == FLAGS_MAX_SETTINGS)
		return err_set(err, ERR_LIMIT, "more than %d flags; use a configuration file",
			       FLAGS_MAX_SETTINGS);
	flags->settings[flags->n_settings++] = (struct flag_setting){ flag, value };
	return 0;
}

static int set_row(struct flags *flags, const struct flag *flag, const char *value, struct err *err)
{
	void *field = (char *)flags + flag->offset;

	if (flag->key)
		return add_setting(flags, flag, flag->argument ? value : flag->value, err);
	if (flag->argument)
		*(const char **)field = value;
	else
		*(bool *)field = true;
	return 0;
}

static bool has_name(const struct flag *flag, const char *name, size_t name_len)
{
	return strlen(flag->name) == name_len && strncmp(flag->name, name, name_len) == 0;
}

static const struct flag *find_flag(const char *name, size_t name_len)
{
	const struct flag *flag = flag_table;

	while (flag->name && !has_name(flag, name, name_len))
		flag++;
	return flag->name ? flag : NULL;
}

static int refuse_unknown(const char *name, size_t name_len, struct err *err)
{
	const char *names[sizeof(flag_table) / sizeof(flag_table[0])] = { NULL };
	char word[64];
	const char *near;
	size_t n = 0;

	for (const struct flag *flag = flag_table; flag->name; flag++)
		names[n++] = flag->name;
	snprintf(word, sizeof(word), "%.*s", (int)name_len, name);
	near = nearest(word, names, n);
	if (near)
		return err_set(err, ERR_FORMAT, "unknown flag --%s; did you mean --%s?", word,
			       near);
	return err_set(err, ERR_FORMAT, "unknown flag --%s; see --help", word);
}

/* Reads the flag at argv[*i], and its value, which may be the argument after it. */
static int read_flag(struct flags *flags, char *const *argv, int *i, struct err *err)
{
	const char *name = argv[*i] + 2;
	size_t name_len = strcspn(name, "=");
	const char *value = name[name_len] ? name + name_len + 1 : NULL;
	const struct flag *flag = find_flag(name, name_len);
	int code = 0;

	if (!flag)
		return refuse_unknown(name, name_len, err);
	if (!flag->argument && value)
		return err_set(err, ERR_FORMAT, "--%s takes no value; write it without \"=\"",
			       flag->name);
	if (flag->argument && !value && !(value = argv[++*i]))
		return err_set(err, ERR_FORMAT, "--%s has no value; write --%s=%s", flag->name,
			       flag->name, flag->argument);
	for (; code == 0 && flag->name && has_name(flag, name, name_len); flag++)
		code = set_row(flags, flag, value, err);
	return code;
}

static int read_command(struct flags *flags, const char *const *words, size_t n, struct err *err)
{
	if (n == 0)
		return 0;
	if (n > 1 && strcmp(words[0], "check") == 0 && strcmp(words[1], "config") == 0) {
		if (n != 3 || !*words[2])
			return err_set(err, ERR_FORMAT,
				       "write the file to check: slurm-pusher check config FILE");
		flags->command = COMMAND_CHECK_CONFIG;
		flags->config_file = words[2];
		return 0;
	}
	return err_set(err, ERR_FORMAT,
		       "\"%s\" is not a command; the only one is: check config FILE", words[0]);
}

int flags_parse(struct flags *flags, int argc, char *const *argv, struct err *err)
{
	const char *words[4] = { NULL }; /* one more than any command has */
	size_t n_words = 0;
	int code = 0;

	*flags = (struct flags){ 0 };
	for (int i = 1; i < argc && code == 0; i++) {
		if (strncmp(argv[i], "--", 2) == 0)
			code = read_flag(flags, argv, &i, err);
		else if (argv[i][0] == '-')
			code = err_set(err, ERR_FORMAT,
				       "%s: flags begin with two dashes; see --help", argv[i]);
		else if (n_words < 4)
			words[n_words++] = argv[i];
	}
	return code < 0 ? code : read_command(flags, words, n_words, err);
}

/* Appends the words, indented, in lines of at most 80 columns. */
static void add_wrapped(struct buf *out, const char *words)
{
	enum { INDENT = 8, WIDTH = 80 };
	size_t column = WIDTH;

	while (*words) {
		size_t len = strcspn(words, " ");

		if (column + 1 + len > WIDTH) {
			buf_addf(out, "\n%*s", INDENT, "");
			column = INDENT;
		} else {
			buf_addc(out, ' ');
			column++;
		}
		buf_add(out, words, len);
		column += len;
		words += len + strspn(words + len, " ");
	}
}

void flags_help(struct buf *out)
{
	buf_adds(out, "Collects metrics of Slurm and pushes them to a Pushgateway or a Prometheus\n"
		      "remote-write receiver.\n\n"
		      "  slurm-pusher [FLAGS]\n"
		      "  slurm-pusher check config FILE\n\n"
		      "Flags come before what the configuration file says:\n");
	for (const struct flag *flag = flag_table; flag->name; flag++) {
		if (!flag->help)
			continue;
		buf_addf(out, "\n  --%s%s%s", flag->name, flag->argument ? "=" : "",
			 flag->argument ? flag->argument : "");
		add_wrapped(out, flag->help);
		buf_addc(out, '\n');
	}
}
