/* What one sees of each loss in the plane. */
#include <string.h>

#include "report/page.h"

typedef struct loss_words {
    const char *part; /* of the specification, first match wins */
    const char *words;
} loss_words;

static const loss_words known[] = {
    {"subcenter-arcface",
     "Each class has several sub-centres, of which the nearest stands for it: a class may be several thin beams "
     "instead of being forced into one, and wrongly labelled images find a beam of their own."},
    {"center",
     "The centre term pulls every feature to the mean of its class. Softmax alone would leave long rays; here "
     "each class shrinks to a compact cluster, and softmax keeps the clusters apart. Distances between "
     "features, not only their angles, now mean something."},
    {"modified-softmax",
     "The class weights have length 1, so a class can win only by its direction, but the feature's "
     "own length still scales all its logits: easy samples grow long, and the classes are rays with "
     "soft edges."},
    {"l2-softmax",
     "Features are set on a sphere of one radius before softmax, so their own length counts for nothing; the class "
     "weights keep their lengths, and there is no margin."},
    {"l-softmax", "The angle to the own class is multiplied by m in softmax's own product of lengths and cosine: "
                  "longer features and "
                  "longer weights still win, but the sectors shrink to beams."},
    {"mv-softmax",
     "A margin like ArcFace's, and classes that a feature is mistaken for weigh more: the gradient goes to the borders "
     "where classes still meet."},
    {"softmax",
     "Softmax asks only that the own class has the largest logit, and a longer feature makes every right "
     "answer more certain. So the features spread outwards along their class's direction and each class fills "
     "its whole sector up to the neighbour's border: separable, but two samples of one class can be further "
     "apart than two of different classes."},
    {"sphereface",
     "SphereFace multiplies the angle to the own class by m before it compares: a feature must be m times "
     "closer to its own direction than to any other. The sectors shrink to narrow beams; the length of a "
     "feature still counts, so the beams are long."},
    {"elasticface",
     "The margin is drawn anew for each feature around a mean, so that classes do not all have to be equally compact."},
    {"cosface",
     "CosFace takes m off the cosine of the own class, so the own cosine must beat every other by m. Length "
     "is divided out before the comparison; only the direction is trained, and each class becomes a thin beam "
     "with an empty gap to its neighbours."},
    {"arcface",
     "ArcFace adds m to the angle of the own class. The margin is the same number of radians everywhere on the "
     "circle, so the classes become thin sectors with equal gaps. Length is divided out before the "
     "comparison: where a feature lies along its beam says nothing about its class."},
    {"combined", "One logit with the three margins of SphereFace, ArcFace and CosFace: on a multiple of the angle, on "
                 "the angle and on "
                 "its cosine."},
    {"adacos-fixed",
     "No margin, and a scale that follows from the number of classes: just large enough that a right answer at a small "
     "angle is certain."},
    {"adacos", "No margin; the scale follows the features' median angle. As the classes gather the scale falls, so "
               "that the pull on "
               "them does not fade."},
    {"magface",
     "MagFace's margin grows with the feature's length, and short features cost more: easy images are drawn out along "
     "their beam, doubtful ones stay near the origin. The length tells the image's quality."},
    {"circle",
     "Own and other cosines are each weighted by how far they are from where they should be: a circle as the border in "
     "the plane of the two, and one place for every class to come to rest. It wants dimensions enough for other "
     "cosines near 0."},
    {"curricularface",
     "ArcFace's margin; classes that a feature is mistaken for count little at first and more as training goes on."},
    {"adaface",
     "The margin depends on the feature's length beside the usual ones: short features, poor images, are pushed on the "
     "easy side, long ones on the hard side."},
    {"proxy-anchor",
     "Each class has one proxy, which pulls its own features and pushes the others, the hardest ones most."},
    {"normface", "Features and weights have length 1 before they are compared and there is no margin: directions are "
                 "pulled to their class, but nothing asks for a gap, so the sectors stay wider than with a margin."},
    {"p2sgrad",
     "P2SGrad has no loss function: it sets the gradient's length to the cosine's own error. Every sample is "
     "pulled to its class's direction until the angle is 0, without a scale or a margin to choose. It holds at most "
     "about twice as many classes as there are dimensions."},
};

const char *tam_page_loss_words(const char *specification) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strstr(specification, known[i].part) != NULL) {
            return known[i].words;
        }
    }
    return "Each dot is an image, coloured by its class; a line is the direction of a class's weights.";
}
