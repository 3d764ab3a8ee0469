/* The lists of IJB, each by each reader, and whether a beginning is taken for one. */
#include <stdlib.h>
#include <string.h>

#include "io/ijb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right) {
    if (!right) {
        abort();
    }
}

static void read_faces(tam_ctx *ctx, tam_lines lines) {
    tam_ijb_faces faces;
    tam_ijb_templates templates;
    if (tam_ijb_read_faces(&lines, &faces) != TAM_OK) {
        check(faces.name == NULL && *tam_ctx_message(ctx) != '\0');
        return;
    }
    for (int64_t i = 0; i < faces.count; i++) {
        check(strlen(faces.name[i]) > 0);
    }
    check(tam_ijb_group(ctx, &faces, &templates) == TAM_OK);
    check(templates.count >= 1 && templates.first[templates.count] == faces.count);
    for (int64_t i = 0; i < faces.count; i++) {
        int64_t place = tam_ijb_find(&templates, faces.template_id[templates.face[i]]);
        check(place >= 0 && templates.first[place] <= i && i < templates.first[place + 1]);
    }
    tam_ijb_free_templates(ctx, &templates);
    tam_ijb_free_faces(ctx, &faces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_ijb_pairs pairs;
    tam_ijb_gallery gallery;
    check(tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) == TAM_OK);
    (void)tam_ijb_recognise((const char *)data, size);
    tam_lines lines = tam_lines_of(ctx, "fuzz", (const char *)data, size), again = lines;
    read_faces(ctx, lines);
    if (tam_ijb_read_pairs(&lines, &pairs) == TAM_OK) {
        for (int64_t i = 0; i < pairs.count; i++) {
            check(pairs.same[i] <= 1);
        }
        tam_ijb_free_pairs(ctx, &pairs);
    }
    if (tam_ijb_read_gallery(&again, &gallery) == TAM_OK) {
        check(gallery.count >= 1);
        tam_ijb_free_gallery(ctx, &gallery);
    }
    check(tam_ctx_memory(ctx).bytes == 0);
    tam_ctx_free(ctx);
    return 0;
}
