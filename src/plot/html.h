/* One self-contained HTML page: no scripts, nothing fetched. All words are escaped. */
#ifndef PLOT_HTML_H
#define PLOT_HTML_H

#include "plot/text_buffer.h"

void tam_html_begin(tam_text *text, const char *title);
void tam_html_end(tam_text *text);

/* level 1 to 3. */
void tam_html_heading(tam_text *text, int level, const char *words);
void tam_html_paragraph(tam_text *text, const char *words);

/* Figures between these two lie side by side as far as the page is wide. */
void tam_html_row_begin(tam_text *text);
void tam_html_row_end(tam_text *text);

/* Write the SVG in between. width: of the drawing, in pixels; the caption is as wide. caption may be NULL. */
void tam_html_figure_begin(tam_text *text, int width);
void tam_html_figure_end(tam_text *text, const char *caption);

/* A line of names, each with a dot in its colour of the palette (svg.h), for several figures together. */
void tam_html_legend(tam_text *text, const char *title, int count, const char *const *names);

/* A table; its columns from number `numbers` on hold numbers and are set to the right. */
void tam_html_table_begin(tam_text *text, int columns, int numbers, const char *const *headers);
void tam_html_table_row(tam_text *text, int columns, int numbers, const char *const *cells);
void tam_html_table_end(tam_text *text);

#endif
