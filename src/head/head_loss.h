/* What a head was told to learn, for those who train with it. */
#ifndef HEAD_HEAD_LOSS_H
#define HEAD_HEAD_LOSS_H

#include "loss/loss.h"
#include "tammes/head.h"

/* Its loss with the running statistics as they are now; owned by the head. */
const tam_loss *tam_head_loss(const tam_head *head);

#endif
