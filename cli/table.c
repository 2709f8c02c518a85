/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Cells are cleaned when they come in, so that what is measured is what is printed. The last column is not filled up
 * with blanks. */

#include <errno.h>
#include <stdlib.h>

#include "cli/table.h"
#include "cli/terminal.h"

#define TABLE_GAP 2U /* blanks between two columns */

struct table {
        unsigned columns;
        size_t widths[TABLE_COLUMNS_MAX];
        char **cells; /* n of them, row by row */
        size_t n, room;
};

int table_new(unsigned columns, struct table **ret)
{
        struct table *table;

        if (columns == 0 || columns > TABLE_COLUMNS_MAX)
                return -EINVAL;
        table = calloc(1, sizeof(*table));
        if (!table)
                return -ENOMEM;
        table->columns = columns;
        *ret = table;
        return 0;
}

int table_add(struct table *table, const char *const *cells)
{
        size_t before = table->n;

        if (table->room - table->n < table->columns) {
                size_t room = 2 * table->room + 8 * table->columns;
                char **grown = reallocarray(table->cells, room, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                table->cells = grown;
                table->room = room;
        }
        for (unsigned i = 0; i < table->columns; i++) {
                char *clean = terminal_clean(cells[i]);

                if (!clean) {
                        while (table->n > before)
                                free(table->cells[--table->n]);
                        return -ENOMEM;
                }
                table->cells[table->n++] = clean;
        }
        for (unsigned i = 0; i < table->columns; i++) {
                size_t width = terminal_width(table->cells[before + i]);

                if (width > table->widths[i])
                        table->widths[i] = width;
        }
        return 0;
}

void table_print(const struct table *table, FILE *file)
{
        for (size_t i = 0; i < table->n; i++) {
                size_t column = i % table->columns;

                fputs(table->cells[i], file);
                if (column + 1 == table->columns)
                        fputc('\n', file);
                else
                        fprintf(file, "%*s",
                                (int) (table->widths[column] - terminal_width(table->cells[i]) + TABLE_GAP), "");
        }
}

static void forget(struct table *table)
{
        while (table->n > 0)
                free(table->cells[--table->n]);
}

void table_flush(struct table *table, FILE *file)
{
        table_print(table, file);
        forget(table);
        fflush(file);
}

struct table *table_free(struct table *table)
{
        if (!table)
                return NULL;
        forget(table);
        free(table->cells);
        free(table);
        return NULL;
}
