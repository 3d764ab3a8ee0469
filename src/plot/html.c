#include "plot/html.h"

#include "plot/svg.h"

static const char style[] =
    "body{font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;color:#222;background:#fff;"
    "max-width:1180px;margin:0 auto;padding:24px 20px 60px}\n"
    "h1,h2,h3,p{overflow-wrap:anywhere}h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:38px 0 "
    "6px;padding-bottom:4px;border-bottom:1px solid "
    "#ddd}h3{font-size:15px;margin:20px 0 4px}\n"
    "p{max-width:76ch;margin:6px 0 10px}\n"
    ".row{display:flex;flex-wrap:wrap;gap:14px 22px;align-items:flex-start}\n"
    "figure{margin:8px 0;max-width:100%}figure svg{display:block;max-width:100%;height:auto}\n"
    "figcaption{color:#444;font-size:13px;line-height:1.45;margin:4px 8px 0 8px}\n"
    "p.legend span{margin-right:14px;white-space:nowrap}\n"
    "table{border-collapse:collapse;margin:10px 0;font-variant-numeric:tabular-nums}\n"
    "div.table{overflow-x:auto}\n"
    "th,td{padding:5px 12px 5px 0;border-bottom:1px solid #e6e6e6;text-align:left;white-space:nowrap}\n"
    "th{font-size:13px;color:#444;border-bottom:2px solid #bbb;vertical-align:bottom}\n"
    "td.n,th.n{text-align:right}th.n{white-space:normal}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(370px,1fr));gap:10px;margin:10px 0}\n"
    ".card{display:grid;grid-template-columns:auto 1fr;gap:4px 14px;align-content:start;border:1px solid #ddd;"
    "border-radius:6px;padding:8px 10px}\n"
    ".pictures{grid-column:2;min-width:0}.pictures.lead{grid-column:1;grid-row:1/span 2;max-width:100px}\n"
    ".pictures p{font-size:12px;line-height:1.35;margin:0 0 4px;color:#444;overflow-wrap:anywhere}"
    ".pictures div{display:flex;flex-wrap:wrap;gap:3px}.pictures img{display:block;border-radius:3px;background:#eee}\n"
    ".pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(168px,1fr));gap:10px;margin:8px 0}\n"
    ".pair{border:1px solid #ddd;border-radius:6px;padding:7px 9px;min-width:0}.pair b{font-size:13px}"
    ".pair div{display:grid;grid-template-columns:1fr 1fr;gap:5px;margin:5px 0}"
    ".pair img{display:block;width:100%;height:auto;border-radius:3px;background:#eee}"
    ".pair small{display:block;font-size:11px;line-height:1.3;color:#444;overflow-wrap:anywhere;margin-top:3px}\n"
    "@media(max-width:520px){body{padding:16px 16px 40px}table{font-size:13px}th,td{padding-right:9px}"
    "figure svg line+text{font-size:13px}}\n"
    "@media print{body{max-width:none;padding:0}figure,table{break-inside:avoid}h2{break-after:avoid}}\n";

void tam_html_begin(tam_text *text, const char *title) {
    tam_text_add(text, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>");
    tam_text_escape(text, title);
    tam_text_add(text, "</title>\n<style>\n");
    tam_text_add(text, style);
    tam_text_add(text, "</style>\n</head>\n<body>\n");
}

void tam_html_end(tam_text *text) {
    tam_text_add(text, "</body>\n</html>\n");
}

static void element(tam_text *text, const char *name, const char *words) {
    tam_text_format(text, "<%s>", name);
    tam_text_escape(text, words);
    tam_text_format(text, "</%s>\n", name);
}

void tam_html_heading(tam_text *text, int level, const char *words) {
    static const char *const names[] = {"h1", "h2", "h3"};
    element(text, names[level - 1], words);
}

void tam_html_paragraph(tam_text *text, const char *words) {
    element(text, "p", words);
}

void tam_html_row_begin(tam_text *text) {
    tam_text_add(text, "<div class=\"row\">\n");
}

void tam_html_row_end(tam_text *text) {
    tam_text_add(text, "</div>\n");
}

void tam_html_figure_begin(tam_text *text, int width) {
    tam_text_format(text, "<figure style=\"width:%dpx\">\n", width);
}

void tam_html_figure_end(tam_text *text, const char *caption) {
    if (caption != NULL) {
        element(text, "figcaption", caption);
    }
    tam_text_add(text, "</figure>\n");
}

void tam_html_cards_begin(tam_text *text) {
    tam_text_add(text, "<div class=\"cards\">\n");
}

void tam_html_cards_end(tam_text *text) {
    tam_text_add(text, "</div>\n");
}

void tam_html_card_begin(tam_text *text) {
    tam_text_add(text, "<div class=\"card\">\n");
}

void tam_html_card_end(tam_text *text) {
    tam_text_add(text, "</div>\n");
}

void tam_html_pictures_begin(tam_text *text, bool lead, const char *words) {
    tam_text_format(text, "<div class=\"pictures%s\"><p>", lead ? " lead" : "");
    tam_text_escape(text, words);
    tam_text_add(text, "</p><div>");
}

void tam_html_pictures_end(tam_text *text) {
    tam_text_add(text, "</div></div>\n");
}

void tam_html_pairs_begin(tam_text *text) {
    tam_text_add(text, "<div class=\"pairs\">\n");
}

void tam_html_pairs_end(tam_text *text) {
    tam_text_add(text, "</div>\n");
}

void tam_html_pair_begin(tam_text *text, const char *words) {
    tam_text_add(text, "<div class=\"pair\"><b>");
    tam_text_escape(text, words);
    tam_text_add(text, "</b><div>");
}

void tam_html_pair_end(tam_text *text, const char *first, const char *second) {
    const char *const names[2] = {first, second};
    tam_text_add(text, "</div>");
    for (int i = 0; i < 2; i++) {
        tam_text_add(text, "<small>");
        tam_text_escape(text, names[i]);
        tam_text_add(text, "</small>");
    }
    tam_text_add(text, "</div>\n");
}

/* RFC 4648. */
static void add_base64(tam_text *text, const uint8_t *data, size_t size) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size; at += 3) {
        size_t left = size - at;
        uint32_t bits =
            (uint32_t)data[at] << 16 | (left > 1 ? (uint32_t)data[at + 1] << 8 : 0) | (left > 2 ? data[at + 2] : 0);
        char four[4] = {letters[bits >> 18], letters[bits >> 12 & 63], left > 1 ? letters[bits >> 6 & 63] : '=',
                        left > 2 ? letters[bits & 63] : '='};
        tam_text_bytes(text, four, sizeof four);
    }
}

void tam_html_picture(tam_text *text, const uint8_t *jpeg, size_t size, int side, const char *words) {
    tam_text_format(text, "<img height=\"%d\" alt=\"\" title=\"", side);
    tam_text_escape(text, words);
    tam_text_add(text, "\" src=\"data:image/jpeg;base64,");
    add_base64(text, jpeg, size);
    tam_text_add(text, "\"/>");
}

void tam_html_legend(tam_text *text, const char *title, int count, const char *const *names) {
    tam_text_add(text, "<p class=\"legend\">");
    tam_text_escape(text, title);
    for (int i = 0; i < count; i++) {
        /* The dot is a letter: browsers print letters in colour, but no coloured grounds. */
        tam_text_format(text, " <span><b style=\"color:%s\">\xe2\x97\x8f</b>\xc2\xa0", tam_colour(i));
        tam_text_escape(text, names[i]);
        tam_text_add(text, "</span>");
    }
    tam_text_add(text, "</p>\n");
}

static void cell(tam_text *text, const char *kind, bool number, const char *words) {
    tam_text_format(text, "<%s%s>", kind, number ? " class=\"n\"" : "");
    tam_text_escape(text, words);
    tam_text_format(text, "</%s>", kind);
}

void tam_html_table_begin(tam_text *text, int columns, int numbers, const char *const *headers) {
    tam_text_add(text, "<div class=\"table\">\n<table>\n<tr>");
    for (int i = 0; i < columns; i++) {
        cell(text, "th", i >= numbers, headers[i]);
    }
    tam_text_add(text, "</tr>\n");
}

void tam_html_table_row(tam_text *text, int columns, int numbers, const char *const *cells) {
    tam_text_add(text, "<tr>");
    for (int i = 0; i < columns; i++) {
        cell(text, "td", i >= numbers, cells[i]);
    }
    tam_text_add(text, "</tr>\n");
}

void tam_html_table_end(tam_text *text) {
    tam_text_add(text, "</table>\n</div>\n");
}
