#include "check/print.h"

#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "base/memory.h"

/* WAVES x WAVES coefficients without the mean, and the one of 8 waves along y instead of it. */
enum { GREY = 32, WAVES = 8 };

/* Grey levels of deviation below which a small version is plain. */
static const double least_contrast = 2;

struct tam_printer {
    tam_ctx *ctx;
    tam_resizer *resizer;
    uint8_t grey[GREY * GREY * 3];
    float wave[WAVES + 1][GREY];
};

tam_printer *tam_printer_create(tam_ctx *ctx) {
    tam_printer *printer = tam_allocate(ctx, 1, sizeof *printer, "tables for prints of images");
    if (printer == NULL) {
        return NULL;
    }
    printer->ctx = ctx;
    printer->resizer = tam_resizer_create(ctx, GREY, GREY);
    if (printer->resizer == NULL) {
        tam_release(ctx, printer);
        return NULL;
    }
    for (int k = 0; k <= WAVES; k++) {
        for (int i = 0; i < GREY; i++) {
            printer->wave[k][i] = (float)cos(M_PI * k * (i + 0.5) / GREY);
        }
    }
    return printer;
}

void tam_printer_free(tam_printer *printer) {
    if (printer != NULL) {
        tam_resizer_free(printer->resizer);
        tam_release(printer->ctx, printer);
    }
}

static uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static const uint64_t odd[4] = {0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu, 0x165667b19e3779f9u, 0xd6e8feb86659fd93u};

/* Two chains of 64 x 64 -> 128 bit products, each over all bytes. */
static void hash_bytes(const uint8_t *data, size_t size, uint64_t hash[2]) {
    uint64_t a = hash[0], b = hash[1];
    for (size_t at = 0; at < size; at += 16) {
        uint64_t words[2] = {0};
        memcpy(words, data + at, size - at < sizeof words ? size - at : sizeof words);
        a = mix(words[0] ^ odd[0], words[1] ^ a);
        b = mix(words[1] ^ odd[1], words[0] ^ b) + odd[2];
    }
    hash[0] = mix(a ^ size, odd[2]);
    hash[1] = mix(b ^ size, odd[3]);
}

static bool all_the_same(const tam_image_info *info, const uint8_t *pixels, size_t bytes) {
    size_t step = (size_t)info->channels;
    return bytes == step || memcmp(pixels, pixels + step, bytes - step) == 0;
}

/* Signs of coefficients (y waves, x waves), row by row; bit 0, the mean, gives way to 8 waves along y. */
TAM_KERNEL static uint64_t look_of(const tam_printer *printer, const uint8_t *grey) {
    float columns[WAVES + 1][GREY];
    uint64_t look = 0;
    for (int k = 0; k <= WAVES; k++) {
        for (int x = 0; x < GREY; x++) {
            columns[k][x] = 0;
        }
        for (int y = 0; y < GREY; y++) {
            for (int x = 0; x < GREY; x++) {
                columns[k][x] += printer->wave[k][y] * (float)grey[y * GREY + x];
            }
        }
    }
    for (int bit = 0; bit < WAVES * WAVES; bit++) {
        int down = bit == 0 ? WAVES : bit / WAVES, across = bit % WAVES;
        float sum = 0;
        for (int x = 0; x < GREY; x++) {
            sum += columns[down][x] * printer->wave[across][x];
        }
        look |= (uint64_t)(sum > 0) << bit;
    }
    return look;
}

static double contrast(const uint8_t *small) {
    double sum = 0, squares = 0;
    for (int i = 0; i < TAM_PRINT_PIXELS; i++) {
        sum += small[i];
        squares += small[i] * small[i];
    }
    double mean = sum / TAM_PRINT_PIXELS, variance = squares / TAM_PRINT_PIXELS - mean * mean;
    return sqrt(variance > 0 ? variance : 0);
}

void tam_print_make(tam_printer *printer, const tam_image_info *info, const uint8_t *pixels, tam_print *print,
                    uint8_t *small) {
    size_t bytes = (size_t)info->width * (size_t)info->height * (size_t)info->channels;
    *print = (tam_print){.width = info->width, .height = info->height, .channels = info->channels};
    print->pixels[0] = (uint64_t)info->width << 32 | (uint64_t)info->height;
    print->pixels[1] = print->pixels[0] * odd[0] + (uint64_t)info->channels;
    hash_bytes(pixels, bytes, print->pixels);
    print->blank = all_the_same(info, pixels, bytes);
    tam_resize(printer->resizer, info, pixels, printer->grey);
    if (info->channels == 3) {
        tam_grey_from_rgb(printer->grey, GREY * GREY, printer->grey);
    }
    for (int y = 0; y < TAM_PRINT_SIDE; y++) {
        for (int x = 0; x < TAM_PRINT_SIDE; x++) {
            const uint8_t *at = printer->grey + 2 * y * GREY + 2 * x;
            small[y * TAM_PRINT_SIDE + x] = (uint8_t)((at[0] + at[1] + at[GREY] + at[GREY + 1] + 2) / 4);
        }
    }
    print->plain = contrast(small) < least_contrast;
    print->look = look_of(printer, printer->grey);
}

float tam_print_alike(const uint8_t *a, const uint8_t *b, bool mirrored) {
    int64_t sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
    for (int y = 0; y < TAM_PRINT_SIDE; y++) {
        for (int x = 0; x < TAM_PRINT_SIDE; x++) {
            int p = a[y * TAM_PRINT_SIDE + x];
            int q = b[y * TAM_PRINT_SIDE + (mirrored ? TAM_PRINT_SIDE - 1 - x : x)];
            sum_a += p;
            sum_b += q;
            aa += p * p;
            bb += q * q;
            ab += p * q;
        }
    }
    const int64_t n = TAM_PRINT_PIXELS;
    double square = (double)(n * aa - sum_a * sum_a) * (double)(n * bb - sum_b * sum_b);
    return square > 0 ? (float)((double)(n * ab - sum_a * sum_b) / sqrt(square)) : 0;
}
