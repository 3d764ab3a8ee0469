/* One self-contained HTML page: no scripts, nothing fetched. All words are escaped. */
#ifndef PLOT_HTML_H
#define PLOT_HTML_H

#include <stdint.h>

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

/* Cards in a grid: groups of pictures below each other, beside the one that leads. */
void tam_html_cards_begin(tam_text *text);
void tam_html_cards_end(tam_text *text);
void tam_html_card_begin(tam_text *text);
void tam_html_card_end(tam_text *text);

/* A group of pictures in a card, with words above it. lead: on the left, one column wide. */
void tam_html_pictures_begin(tam_text *text, bool lead, const char *words);
void tam_html_pictures_end(tam_text *text);
/* A JPEG, which becomes part of the page, `side` pixels high; words: shown when the pointer rests on it. */
void tam_html_picture(tam_text *text, const uint8_t *jpeg, size_t size, int side, const char *words);

/* Pairs of pictures in a grid: words, the two tam_html_picture between begin and end, and their names. */
void tam_html_pairs_begin(tam_text *text);
void tam_html_pairs_end(tam_text *text);
void tam_html_pair_begin(tam_text *text, const char *words);
void tam_html_pair_end(tam_text *text, const char *first, const char *second);

/* A line of names, each with a dot in its colour of the palette (svg.h), for several figures together. */
void tam_html_legend(tam_text *text, const char *title, int count, const char *const *names);

/* A table; its columns from number `numbers` on hold numbers and are set to the right. */
void tam_html_table_begin(tam_text *text, int columns, int numbers, const char *const *headers);
void tam_html_table_row(tam_text *text, int columns, int numbers, const char *const *cells);
void tam_html_table_end(tam_text *text);

#endif
