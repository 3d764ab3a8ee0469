#include "head/head_loss.h"

#include "head/head_inside.h"

const tam_loss *tam_head_loss(const tam_head *head) {
    return &head->loss;
}
