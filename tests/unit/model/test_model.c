// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "slurm_pusher/model.h"
#include "test.h"

static struct registry *registry;
static struct snapshot snapshot;

static int set_up(void **state)
{
	(void)state;
	snapshot_init(&snapshot);
	return registry_new(&registry, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	snapshot_done(&snapshot);
	registry_free(registry);
	return 0;
}

static const struct family *family(const char *name)
{
	const struct family *f;
	struct err err;

	assert_ok(registry_family(registry, name, METRIC_GAUGE, "help", &f, &err), &err);
	return f;
}

static const struct series *series(const char *name, const struct label *labels, size_t n)
{
	const struct series *s;
	struct err err;

	assert_ok(registry_series(registry, family(name), labels, n, &s, &err), &err);
	return s;
}

static const struct series *of_user(const char *name, const char *user)
{
	return series(name, &(struct label){ "user", user }, 1);
}

static void a_series_keeps_its_identity_whatever_the_order_of_labels(void **state)
{
	const struct label one[] = { { "b", "2" }, { "a", "1" } };
	const struct label two[] = { { "a", "1" }, { "b", "2" } };
	const struct series *s = series("m", one, 2);

	(void)state;
	assert_ptr_equal(s, series("m", two, 2));
	assert_string_equal(s->labels[0].name, "a");
	assert_string_equal(s->labels[1].value, "2");
	assert_ptr_not_equal(s, series("n", two, 2));
	assert_ptr_not_equal(s, series("m", two, 1));
}

static void names_and_values_cannot_run_into_each_other(void **state)
{
	const struct label one[] = { { "a", "1b" } };
	const struct label two[] = { { "a1", "b" } };

	(void)state;
	assert_ptr_not_equal(series("m", one, 1), series("m", two, 1));
	assert_ptr_not_equal(series("ma", NULL, 0), series("m", one, 1));
}

static void a_label_without_a_value_is_left_out(void **state)
{
	const struct label labels[] = { { "a", "" }, { "b", "2" } };

	(void)state;
	assert_int_equal(series("m", labels, 2)->n_labels, 1);
	assert_ptr_equal(series("m", labels, 2), series("m", &labels[1], 1));
}

static void values_are_made_utf8(void **state)
{
	(void)state;
	assert_string_equal(of_user("m", "caf\xe9")->labels[0].value, "caf\xef\xbf\xbd");
}

static void illegal_names_are_refused(void **state)
{
	static const char *const metrics[] = { "", "1m", "m-x", "m\xc3\xa9", "m x" };
	static const char *const labels[] = { "", "1a", "a:b", "__name__", "__x", "a-b" };
	const struct family *f = family("m");
	const struct series *s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		assert_int_equal(registry_family(registry, metrics[i], METRIC_GAUGE, "h", &f, NULL),
				 ERR_FORMAT);
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		assert_int_equal(registry_series(registry, f, &(struct label){ labels[i], "v" }, 1,
						 &s, NULL),
				 ERR_FORMAT);
}

static void a_label_given_twice_is_refused(void **state)
{
	const struct label labels[] = { { "a", "1" }, { "b", "1" }, { "a", "2" } };
	const struct series *s;

	(void)state;
	assert_int_equal(registry_series(registry, family("m"), labels, 3, &s, NULL), ERR_FORMAT);
}

static void the_type_of_a_family_cannot_change(void **state)
{
	const struct family *f = family("m");

	(void)state;
	assert_int_equal(registry_family(registry, "m", METRIC_COUNTER, "h", &f, NULL), ERR_FORMAT);
	assert_int_equal(f->type, METRIC_GAUGE);
}

static void a_help_may_be_long(void **state)
{
	const struct family *family;
	char help[10000];
	struct err err;

	(void)state;
	memset(help, 0xff, sizeof help - 1); /* each of them becomes three bytes */
	help[sizeof help - 1] = '\0';
	assert_ok(registry_family(registry, "m", METRIC_GAUGE, help, &family, &err), &err);
	assert_int_equal(strlen(family->help), 3 * (sizeof help - 1));
}

static void a_snapshot_is_grouped_by_family_and_sorted_by_labels(void **state)
{
	struct err err;
	static const char *const want[][2] = {
		{ "first", "a" }, { "first", "b" }, { "second", "a" }, { "second", "c" }
	};

	(void)state;
	family("first");
	snapshot_clear(&snapshot, 5);
	assert_ok(snapshot_add(&snapshot, of_user("second", "c"), 1, &err), &err);
	assert_ok(snapshot_add(&snapshot, of_user("first", "b"), 1, &err), &err);
	assert_ok(snapshot_add(&snapshot, of_user("second", "a"), 1, &err), &err);
	assert_ok(snapshot_add(&snapshot, of_user("first", "a"), 1, &err), &err);
	snapshot_finish(&snapshot);
	assert_int_equal(snapshot.n, ARRAY_LEN(want));
	for (size_t i = 0; i < snapshot.n; i++) {
		assert_string_equal(snapshot.samples[i].series->family->name, want[i][0]);
		assert_string_equal(snapshot.samples[i].series->labels[0].value, want[i][1]);
	}
}

static void a_snapshot_holds_a_series_once(void **state)
{
	(void)state;
	snapshot_clear(&snapshot, 5);
	snapshot_add(&snapshot, of_user("m", "a"), 1, NULL);
	snapshot_add(&snapshot, of_user("m", "b"), 1, NULL);
	snapshot_add(&snapshot, of_user("m", "a"), 1, NULL);
	snapshot_finish(&snapshot);
	assert_int_equal(snapshot.n, 2);
}

static void a_nan_never_has_the_bits_of_a_stale_marker(void **state)
{
	uint64_t stale = 0x7ff0000000000002, bits;
	double value;

	(void)state;
	memcpy(&value, &stale, sizeof value);
	snapshot_clear(&snapshot, 5);
	snapshot_add(&snapshot, of_user("m", "a"), value, NULL);
	memcpy(&bits, &snapshot.samples[0].value, sizeof bits);
	assert_true(bits != stale);
	assert_true(isnan(snapshot.samples[0].value));
}

static void series_not_asked_for_any_more_are_forgotten(void **state)
{
	const struct series *kept;
	uint64_t id = of_user("m", "gone")->id;
	uint32_t slot = of_user("m", "gone")->slot;

	(void)state;
	for (int i = 0; i < MODEL_KEEP_TICKS; i++) {
		kept = of_user("m", "kept");
		registry_sweep(registry);
	}
	assert_int_equal(registry_n_series(registry), 2);
	kept = of_user("m", "kept");
	registry_sweep(registry);
	assert_int_equal(registry_n_series(registry), 1);
	assert_ptr_equal(kept, of_user("m", "kept"));
	/* The slot is used again, by one that is not the same. */
	assert_int_equal(of_user("m", "new")->slot, slot);
	assert_true(of_user("m", "new")->id != id);
}

static void slots_stay_dense_while_series_come_and_go(void **state)
{
	char user[16];

	(void)state;
	for (int tick = 0; tick < 50; tick++) {
		for (int i = 0; i < 20; i++) {
			snprintf(user, sizeof user, "%d", tick * 5 + i);
			assert_true(of_user("m", user)->slot < 20 + 5 * (MODEL_KEEP_TICKS + 2));
		}
		registry_sweep(registry);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_series_keeps_its_identity_whatever_the_order_of_labels),
		TEST(names_and_values_cannot_run_into_each_other),
		TEST(a_label_without_a_value_is_left_out),
		TEST(values_are_made_utf8),
		TEST(illegal_names_are_refused),
		TEST(a_label_given_twice_is_refused),
		TEST(the_type_of_a_family_cannot_change),
		TEST(a_help_may_be_long),
		TEST(a_snapshot_is_grouped_by_family_and_sorted_by_labels),
		TEST(a_snapshot_holds_a_series_once),
		TEST(a_nan_never_has_the_bits_of_a_stale_marker),
		TEST(series_not_asked_for_any_more_are_forgotten),
		TEST(slots_stay_dense_while_series_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
