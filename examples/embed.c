/* The cosine between two drawings of one glyph, and between two glyphs: example_embed RUN (28 x 28, grey). */
#include <math.h>
#include <stdio.h>
#include <tammes/tammes.h>

static double cosine(const float *a, const float *b, int dim) {
    double ab = 0.0, aa = 0.0, bb = 0.0;
    for (int i = 0; i < dim; i++) {
        ab += (double)a[i] * b[i], aa += (double)a[i] * a[i], bb += (double)b[i] * b[i];
    }
    return ab / sqrt(aa * bb);
}

static int takes_glyphs(tam_model_info info) {
    return info.channels == 1 && info.height == 28 && info.width == 28 && info.dim <= 512;
}

int main(int argc, char **argv) {
    static uint8_t images[3][28 * 28];
    static float x[3 * 512];
    tam_glyphs_config glyphs = {.identities = 1000, .size = 28};
    tam_ctx *ctx = NULL;
    tam_model *model = NULL;
    if (argc != 2 || tam_ctx_create(NULL, &ctx) != TAM_OK) {
        return TAM_CONFIG;
    }
    tam_status status = tam_model_open(ctx, argv[1], &model);
    if (status == TAM_OK && takes_glyphs(tam_model_describe(model))) {
        tam_glyphs_draw(&glyphs, 900, 0, images[0]);
        tam_glyphs_draw(&glyphs, 900, 1, images[1]);
        tam_glyphs_draw(&glyphs, 901, 0, images[2]);
        status = tam_model_embed(model, 3, images[0], 0, x);
        int dim = tam_model_describe(model).dim;
        printf("same glyph %.3f, another %.3f\n", cosine(x, x + dim, dim), cosine(x, x + 2 * dim, dim));
    }
    if (status != TAM_OK) {
        fprintf(stderr, "%s\n", tam_ctx_message(ctx));
    }
    tam_model_free(model);
    tam_ctx_free(ctx);
    return (int)status;
}
