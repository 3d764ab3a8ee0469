#include "head/row_temp.h"
#include "base/random.h"
void tam_random_normals(uint64_t seed, tam_purpose purpose, uint32_t a, uint32_t b, int64_t n, float deviation,
                        float *v) {
    tam_random r = tam_random_at(seed, purpose, a, b);
    for (int64_t i = 0; i < n; i++)
        v[i] = deviation * tam_random_normal(&r);
}
