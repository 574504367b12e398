// SPDX-License-Identifier: Apache-2.0
#include "version.h"

#include <stdio.h>
#include <string.h>

static const char *const command[] = { "scontrol", "--version", NULL };

static int keep(void *ctx, const char *bytes, size_t n, struct err *err)
{
	struct version *v = ctx;

	if (n >= sizeof v->output - v->n_output)
		return err_set(err, ERR_FORMAT, "that is not a version");
	memcpy(v->output + v->n_output, bytes, n);
	v->n_output += n;
	v->output[v->n_output] = '\0';
	return 0;
}

void version_ask(struct version *v, const struct collect_options *options, int64_t deadline_ms,
		 int64_t mono_ms)
{
	struct child_options child = {
		.argv = command,
		.envp = options->envp,
		.path = options->path,
		.deadline_ms = deadline_ms,
		.max_output_bytes = sizeof v->output,
		.sink = keep,
		.sink_ctx = v,
	};

	v->n_output = 0;
	v->err = (struct err){ 0 };
	if (child_start(&v->child, &child, mono_ms, &v->err) < 0)
		v->child = NULL;
}

/* "slurm-wlm 22.05.8", "slurm 24.11.5-rc1": year and month are what matters. */
static void read_output(struct version *v)
{
	unsigned year, month;

	if (sscanf(v->output, "%*[^0-9]%2u.%2u", &year, &month) == 2) // NOLINT(cert-err34-c)
		snprintf(v->text, sizeof v->text, "%u.%02u", year, month);
	else
		err_set(&v->err, ERR_FORMAT, "that is not a version");
}

bool version_step(struct version *v, int64_t mono_ms)
{
	if (!v->child)
		return true;
	if (!child_step(v->child, mono_ms))
		return false;
	v->err = child_result(v->child)->err;
	version_done(v);
	if (v->err.code == 0)
		read_output(v);
	if (v->err.code < 0)
		err_prefix(&v->err, "scontrol --version");
	return true;
}

void version_done(struct version *v)
{
	child_free(v->child);
	v->child = NULL;
}
