/* A sample beside single classes of a tile, where the fast loops over scaled cosines do not do: logits that are other
 * functions of c, sub-centres, filtered classes; and the sample's own class. */
#include <math.h>
#include <string.h>

#include "head/head_inside.h"
#include "head/row_kernels.h"

double tam_head_others(const tam_head *head, const tam_head_row *row, tam_head_run run, const float *products,
                       tam_head_scratch *scratch) {
    const tam_class_loss *loss = head->loss.class_loss;
    const tam_loss_state *state = &head->state;
    int64_t n = run.end - run.begin;
    const float *inverse_w = head->inverse_w + (run.first + run.begin) * head->subs;
    float limit = (float)state->options.interclass_filter, *c = scratch->c;
    double scale = row->scale.value;
    products += run.begin * head->subs;
    double top = (double)(head->subs == 1 ? tam_row_cosines(n, products, inverse_w, c)
                                          : tam_row_nearest(n, head->subs, products, inverse_w, c, scratch->nearest));
    if (loss->scale != NULL) {
        tam_row_scaled(n, c, (float)scale, scratch->z, scratch->slope);
    } else {
        loss->other_row(state, &row->own, n, c, scratch->z, scratch->slope);
    }
    if (limit <= 1.0f) {
        float removed = loss->kind == TAM_LOSS_DIRECT ? 0.0f : -INFINITY;
        tam_row_filter(n, c, limit, removed, scratch->z, scratch->slope);
    }
    return scale * top;
}

double tam_head_lengths_of_others(const tam_head *head, tam_head_run run, float weight, float *tile_row,
                                  tam_head_scratch *scratch) {
    int64_t n = run.end - run.begin, place = run.begin * head->subs;
    const float *inverse_w = head->inverse_w + run.first * head->subs + place;
    float *g = tile_row + place, *column_gc = scratch->column_gc + place;
    if (head->subs == 1) {
        return (double)tam_row_gradient_of_lengths(n, scratch->c, inverse_w, scratch->slope, weight, g, column_gc);
    }
    return (double)tam_row_gradient_of_nearest(n, head->subs, scratch->c, scratch->nearest, inverse_w, scratch->slope,
                                               weight, g, column_gc);
}

void tam_head_length_of_own(const tam_head_job *job, int i, int64_t place, double length, float *tile_row,
                            tam_head_scratch *scratch) {
    const tam_head *head = job->head;
    const tam_head_row *row = &head->row[i];
    int64_t subs = head->subs, nearest = place * subs + row->sub;
    double g = length * (double)head->inverse_w[(int64_t)job->y[i] * subs + row->sub];
    memset(tile_row + place * subs, 0, (size_t)subs * sizeof(float));
    tile_row[nearest] = (float)g;
    scratch->column_gc[nearest] += (float)(g * row->own.c);
    scratch->column_g[place] += (float)row->target_slope;
    scratch->column_length[place] += (float)(row->target_slope * row->target.slope_b * tam_head_inverse(row->own.b));
}
