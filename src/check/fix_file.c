#include "check/fix_file.h"

#include <stdarg.h>

#include "base/file.h"
#include "base/format.h"

enum { LONGEST_KEY = 4352, LONGEST_REMARK = 9216 };

tam_status tam_fix_file_refuse(tam_ctx *ctx, const char *path) {
    if (tam_path_is_taken(path)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists; nothing was written", path);
    }
    return TAM_OK;
}

tam_status tam_fix_file_open(tam_ctx *ctx, const char *path, const tam_dataset *data, tam_fix_file *file) {
    *file = (tam_fix_file){.data = data};
    TAM_TRY(tam_fix_file_refuse(ctx, path));
    TAM_TRY(tam_stream_open(ctx, path, &file->stream));
    tam_status status = tam_fix_list_begin(file->stream);
    return status == TAM_OK ? TAM_OK : tam_fix_file_close(file, status);
}

tam_status tam_fix_file_close(tam_fix_file *file, tam_status status) {
    if (status == TAM_OK) {
        return tam_stream_commit(file->stream);
    }
    tam_stream_abandon(file->stream);
    return status;
}

tam_status tam_fix_file_remark(tam_fix_file *file, const char *format, ...) {
    char words[LONGEST_REMARK];
    va_list arguments;
    va_start(arguments, format);
    (void)tam_format_list(words, sizeof words, format, arguments);
    va_end(arguments);
    return tam_fix_list_remark(file->stream, words);
}

static tam_status add(tam_fix_file *file, tam_fix_kind kind, const char *name, const char *into, bool proposed) {
    file->fixes += !proposed;
    return tam_fix_list_add(file->stream, kind, name, into, proposed);
}

tam_status tam_fix_file_drop(tam_fix_file *file, int64_t image, bool proposed) {
    char key[LONGEST_KEY];
    tam_dataset_image_key(file->data, image, key, sizeof key);
    return add(file, TAM_FIX_DROP, key, NULL, proposed);
}

tam_status tam_fix_file_move(tam_fix_file *file, int64_t image, int32_t into, bool proposed) {
    char key[LONGEST_KEY];
    tam_dataset_image_key(file->data, image, key, sizeof key);
    return add(file, TAM_FIX_MOVE, key, tam_dataset_class_name(file->data, into), proposed);
}

tam_status tam_fix_file_merge(tam_fix_file *file, int32_t from, int32_t into, bool proposed) {
    return add(file, TAM_FIX_MERGE, tam_dataset_class_name(file->data, from), tam_dataset_class_name(file->data, into),
               proposed);
}
