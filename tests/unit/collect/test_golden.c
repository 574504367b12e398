// SPDX-License-Identifier: Apache-2.0
/*
 * The shipped definitions over whole outputs of three generations of Slurm: every value
 * equals what the documented command of its metric printed at the same moment.
 */
#include "fake_slurm.h"

/* The formats of file names are literals below. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static const char *const generations[] = { "22.05", "24.11", "26.05" };

static void golden_begin(struct fake_slurm *f, const char *generation)
{
	char body[1024];

	fake_begin(f);
	/* The rows of this golden file are id|state|partition|...; ours are the 2nd and 3rd. */
	snprintf(body, sizeof body,
		 "awk -F'|' '{ printf \"%%s\\037%%s\\n\", $2, $3 }' " TEST_SOURCE_DIR
		 "/data/golden/%s/squeue.onepass.txt",
		 generation);
	fake_command(f, "squeue", body);
	snprintf(body, sizeof body,
		 "case \"$*\" in --version) echo slurm %s.9; exit;; *nodes) what=nodes;; "
		 "*) what=parts;; esac\n"
		 "cat " TEST_SOURCE_DIR "/data/golden/%s/scontrol.$what.a.o.txt",
		 generation, generation);
	fake_command(f, "scontrol", body);
	fake_define(f, NULL);
	fake_tick(f);
}

static FILE *golden_open(const char *generation, const char *format, const char *word)
{
	char name[256], file[512];
	FILE *in;

	snprintf(name, sizeof name, format, word);
	snprintf(file, sizeof file, TEST_SOURCE_DIR "/data/golden/%s/%s", generation, name);
	in = fopen(file, "r");
	if (!in)
		fail_msg("%s cannot be read", file);
	return in;
}

static double lines_in(const char *generation, const char *format, const char *word)
{
	FILE *in = golden_open(generation, format, word);
	double n = 0;

	for (int c = getc(in); c != EOF; c = getc(in))
		n += c == '\n';
	fclose(in);
	return n;
}

/* What `sinfo -t STATE -h -o %D` printed; nothing printed is zero. */
static double number_in(const char *generation, const char *format, const char *word)
{
	FILE *in = golden_open(generation, format, word);
	double n = 0;

	if (fscanf(in, "%lf", &n) != 1) // NOLINT: a file of ours
		n = 0;
	fclose(in);
	return n;
}

static void assert_value(const struct fake_slurm *f, const char *generation, const char *metric,
			 const char *partition, double want)
{
	double got = fake_value(f, metric, partition ? "partition" : NULL, partition);

	if (got != want)
		fail_msg("Slurm %s: %s{%s} is %g, the command says %g", generation, metric,
			 partition ? partition : "", got, want);
}

static void jobs_equal_what_squeue_prints(void **state)
{
	static const char *const states[] = { "running",    "pending",   "configuring",
					      "completing", "suspended", "failed" };

	(void)state;
	for (size_t g = 0; g < ARRAY_LEN(generations); g++) {
		struct fake_slurm f;

		golden_begin(&f, generations[g]);
		assert_value(&f, generations[g], "slurm_jobs", NULL,
			     lines_in(generations[g], "squeue.h.txt", ""));
		for (size_t i = 0; i < ARRAY_LEN(states); i++) {
			char metric[64], word[32] = "";

			for (size_t j = 0; states[i][j]; j++)
				word[j] = (char)(states[i][j] - 'a' + 'A');
			snprintf(metric, sizeof metric, "slurm_jobs_%s", states[i]);
			assert_value(&f, generations[g], metric, NULL,
				     lines_in(generations[g], "squeue.t.%s.txt", word));
		}
		fake_end(&f);
	}
}

static void nodes_equal_what_sinfo_prints(void **state)
{
	static const char *const words[][2] = {
		{ "alloc", "alloc" },
		{ "idle", "idle" },
		{ "mixed", "mix" },
		{ "down", "down" },
		{ "drain", "drain" },
		{ "draining", "drng" },
		{ "drained", "drained" },
		{ "drain_total", "drain" },
		{ "maint", "maint" },
		{ "fail", "fail" },
		{ "powered_down", "powered_down" },
		{ "powering_up", "powering_up" },
	};

	(void)state;
	for (size_t g = 0; g < ARRAY_LEN(generations); g++) {
		struct fake_slurm f;

		golden_begin(&f, generations[g]);
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			char metric[64];

			snprintf(metric, sizeof metric, "slurm_nodes_%s", words[i][0]);
			assert_value(&f, generations[g], metric, NULL,
				     number_in(generations[g], "sinfo.t.%s.D.txt", words[i][1]));
		}
		fake_end(&f);
	}
}

/* sinfo -N prints a node once per partition; we count it once. */
static double distinct_nodes(const char *generation)
{
	FILE *in = golden_open(generation, "sinfo.N.h.txt", "");
	char line[512], previous[64] = "", name[64];
	double n = 0;

	while (fgets(line, sizeof line, in)) {
		if (sscanf(line, "%63s", name) == 1 && strcmp(name, previous) != 0) // NOLINT
			n++;
		memcpy(previous, name, sizeof name);
	}
	fclose(in);
	return n;
}

static void nodes_are_counted_once(void **state)
{
	(void)state;
	for (size_t g = 0; g < ARRAY_LEN(generations); g++) {
		struct fake_slurm f;

		golden_begin(&f, generations[g]);
		assert_value(&f, generations[g], "slurm_nodes", NULL,
			     distinct_nodes(generations[g]));
		fake_end(&f);
	}
}

/* squeue's short words for the states, in the fifth column of its default output. */
static double lines_in_state(const char *generation, const char *partition, const char *word)
{
	FILE *in = golden_open(generation, "squeue.p.%s.txt", partition);
	char line[1024], found[16];
	double n = 0;

	while (fgets(line, sizeof line, in))
		if (sscanf(line, "%*s %*s %*s %*s %15s", found) == 1) // NOLINT
			n += strcmp(found, word) == 0;
	fclose(in);
	return n;
}

static void partitions_equal_what_squeue_and_sinfo_print_for_them(void **state)
{
	static const char *const partitions[] = { "hpc",  "htc",     "all",   "low",
						  "high", "dynamic", "empty", "inact" };
	static const char *const words[][2] = {
		{ "running", "R" },     { "pending", "PD" },  { "configuring", "CF" },
		{ "completing", "CG" }, { "suspended", "S" },
	};

	(void)state;
	for (size_t g = 0; g < ARRAY_LEN(generations); g++) {
		struct fake_slurm f;

		golden_begin(&f, generations[g]);
		for (size_t i = 0; i < ARRAY_LEN(partitions); i++) {
			const char *p = partitions[i];

			assert_value(&f, generations[g], "slurm_partition_jobs", p,
				     lines_in(generations[g], "squeue.p.%s.txt", p));
			assert_value(&f, generations[g], "slurm_partition_nodes", p,
				     lines_in(generations[g], "sinfo.p.%s.N.txt", p));
			for (size_t j = 0; j < ARRAY_LEN(words); j++) {
				char metric[64];

				snprintf(metric, sizeof metric, "slurm_partition_jobs_%s",
					 words[j][0]);
				assert_value(&f, generations[g], metric, p,
					     lines_in_state(generations[g], p, words[j][1]));
			}
		}
		fake_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_equal_what_squeue_prints),
		cmocka_unit_test(nodes_equal_what_sinfo_prints),
		cmocka_unit_test(nodes_are_counted_once),
		cmocka_unit_test(partitions_equal_what_squeue_and_sinfo_print_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
