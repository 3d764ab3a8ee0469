/* The class head's products on this processor: for each dtype the kernels from the fastest to the plain ones. */
#ifndef BACKEND_CPU_CPU_CLASS_PRODUCTS_H
#define BACKEND_CPU_CPU_CLASS_PRODUCTS_H

#include "backend/class_products.h"

/* The first kernels of the list that this processor can run; the last ones run anywhere. */
const tam_class_products *tam_cpu_class_products(tam_class_dtype dtype);

/* All that this processor can run, in that order; NULL from their number on. */
const tam_class_products *tam_cpu_class_products_at(tam_class_dtype dtype, int index);

#endif
