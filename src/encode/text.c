// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "slurm_pusher/encode.h"

static const char *const type_names[] = {
	[METRIC_GAUGE] = "gauge",
	[METRIC_COUNTER] = "counter",
};

/* A backslash goes before each of the `special` characters, and a line feed becomes an n. */
static void add_escaped(struct buf *out, const char *text, const char *special)
{
	for (;;) {
		size_t plain = strcspn(text, special);

		buf_add(out, text, plain);
		text += plain;
		if (!*text)
			return;
		buf_addc(out, '\\');
		buf_addc(out, *text == '\n' ? 'n' : *text);
		text++;
	}
}

static void add_family(struct buf *out, const struct family *family)
{
	if (*family->help) {
		buf_addf(out, "# HELP %s ", family->name);
		add_escaped(out, family->help, "\\\n");
		buf_addc(out, '\n');
	}
	buf_addf(out, "# TYPE %s %s\n", family->name, type_names[family->type]);
}

static void add_sample(struct buf *out, const struct sample *sample)
{
	const struct series *series = sample->series;

	buf_adds(out, series->family->name);
	for (uint32_t i = 0; i < series->n_labels; i++) {
		buf_addc(out, i == 0 ? '{' : ',');
		buf_adds(out, series->labels[i].name);
		buf_adds(out, "=\"");
		add_escaped(out, series->labels[i].value, "\\\n\"");
		buf_addc(out, '"');
	}
	buf_adds(out, series->n_labels > 0 ? "} " : " ");
	encode_number(sample->value, out);
	buf_addc(out, '\n');
}

void encode_text(const struct snapshot *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct family *family = s->samples[i].series->family;

		if (i == 0 || family != s->samples[i - 1].series->family)
			add_family(out, family);
		add_sample(out, &s->samples[i]);
	}
}
