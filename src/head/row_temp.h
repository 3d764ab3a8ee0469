#include "base/random.h"
void tam_random_normals(uint64_t seed, tam_purpose purpose, uint32_t a, uint32_t b, int64_t n, float deviation,
                        float *v);
