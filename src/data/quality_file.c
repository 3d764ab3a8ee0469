/* The quality of images as another tool gives it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/decimal.h"
#include "io/npy.h"
#include "io/text_lines.h"
#include "tammes/quality.h"

static tam_status check(tam_ctx *ctx, const char *path, int64_t count, const float *quality) {
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(quality[i])) {
            return tam_fail(ctx, TAM_INPUT, "%s: the quality of image %lld is no finite number", path, (long long)i);
        }
    }
    return TAM_OK;
}

static tam_status refuse_count(tam_ctx *ctx, const char *path, int64_t found, int64_t count) {
    return tam_fail(ctx, TAM_INPUT, "%s: %lld numbers for the quality of %lld images", path, (long long)found,
                    (long long)count);
}

static tam_status read_array(tam_ctx *ctx, const char *path, int64_t count, float *quality) {
    tam_npy npy;
    tam_status status = tam_npy_open(ctx, path, &npy);
    if (status == TAM_OK && (npy.count != count || npy.rows != count)) {
        status = refuse_count(ctx, path, npy.count, count);
    }
    if (status == TAM_OK) {
        status = tam_npy_read_f32(&npy, 0, count, quality);
    }
    tam_npy_close(&npy);
    return status;
}

static tam_status read_lines(tam_lines *lines, int64_t count, float *quality) {
    for (int64_t i = 0;; i++) {
        tam_text line;
        double value;
        TAM_TRY(tam_lines_next(lines, &line));
        if (line.at == NULL) {
            return i == count ? TAM_OK : refuse_count(lines->ctx, lines->path, i, count);
        }
        tam_text word = tam_text_last(&line); /* a name may stand before it */
        if (!tam_decimal_read(word.at, word.length, &value)) {
            return tam_lines_refuse(lines, "no number at its end");
        }
        if (i >= count) {
            return tam_fail(lines->ctx, TAM_INPUT, "%s: more than %lld numbers, which are all images", lines->path,
                            (long long)count);
        }
        quality[i] = (float)value;
    }
}

tam_status tam_quality_read(tam_ctx *ctx, const char *path, int64_t count, float *quality) {
    char start[6];
    int descriptor;
    size_t size;
    tam_lines lines;
    TAM_TRY(tam_lines_open(ctx, path, &lines));
    descriptor = lines.descriptor;
    size = lines.file_size;
    bool array = false;
    tam_status status = TAM_OK;
    if (size >= sizeof start) {
        status = tam_file_read_at(ctx, path, descriptor, 0, start, sizeof start);
        array = status == TAM_OK && memcmp(start, "\x93NUMPY", sizeof start) == 0;
    }
    if (status == TAM_OK) {
        status = array ? read_array(ctx, path, count, quality) : read_lines(&lines, count, quality);
    }
    tam_lines_close(&lines);
    return status == TAM_OK ? check(ctx, path, count, quality) : status;
}
