// SPDX-License-Identifier: Apache-2.0
/*
 * schema_values: numbers with a unit. Durations are public (schema.h); this is
 * what only the schema needs.
 */
#ifndef SCHEMA_VALUES_H
#define SCHEMA_VALUES_H

#include <stdint.h>

/* "64MB": the shortest way size_parse() reads back. */
void size_format(int64_t bytes, char out[32]);

#endif
