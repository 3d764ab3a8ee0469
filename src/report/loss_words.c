/* What one sees of each loss in the plane. */
#include <string.h>

#include "report/page.h"

typedef struct loss_words {
    const char *part; /* of the specification, first match wins */
    const char *words;
} loss_words;

static const loss_words known[] = {
    {"center",
     "The centre term pulls every feature to the mean of its class. Softmax alone would leave long rays; here "
     "each class shrinks to a compact cluster, and softmax keeps the clusters apart. Distances between "
     "features, not only their angles, now mean something."},
    {"modified-softmax",
     "The class weights have length 1, so a class can win only by its direction, but the feature's "
     "own length still scales all its logits: easy samples grow long, and the classes are rays with "
     "soft edges."},
    {"softmax",
     "Softmax asks only that the own class has the largest logit, and a longer feature makes every right "
     "answer more certain. So the features spread outwards along their class's direction and each class fills "
     "its whole sector up to the neighbour's border: separable, but two samples of one class can be further "
     "apart than two of different classes."},
    {"sphereface",
     "SphereFace multiplies the angle to the own class by m before it compares: a feature must be m times "
     "closer to its own direction than to any other. The sectors shrink to narrow beams; the length of a "
     "feature still counts, so the beams are long."},
    {"cosface",
     "CosFace takes m off the cosine of the own class, so the own cosine must beat every other by m. Length "
     "is divided out before the comparison; only the direction is trained, and each class becomes a thin beam "
     "with an empty gap to its neighbours."},
    {"arcface",
     "ArcFace adds m to the angle of the own class. The margin is the same number of radians everywhere on the "
     "circle, so the classes become thin sectors with equal gaps. Length is divided out before the "
     "comparison: where a feature lies along its beam says nothing about its class."},
    {"normface", "Features and weights have length 1 before they are compared and there is no margin: directions are "
                 "pulled to their class, but nothing asks for a gap, so the sectors stay wider than with a margin."},
    {"p2sgrad",
     "P2SGrad has no loss function: it sets the gradient's length to the cosine's own error. Every sample is "
     "pulled to its class's direction until the angle is 0, without a scale or a margin to choose."},
};

const char *tam_page_loss_words(const char *specification) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strstr(specification, known[i].part) != NULL) {
            return known[i].words;
        }
    }
    return "Each dot is an image, coloured by its class; a line is the direction of a class's weights.";
}
