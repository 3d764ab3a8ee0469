/* The class head's f32 products for each instruction set: NULL where this processor lacks it. */
#ifndef BACKEND_CPU_CLASS_F32_H
#define BACKEND_CPU_CLASS_F32_H

#include "backend/class_products.h"

const tam_class_products *tam_class_f32_avx512(void);
const tam_class_products *tam_class_f32_avx2(void);
const tam_class_products *tam_class_f32_plain(void);

#endif
