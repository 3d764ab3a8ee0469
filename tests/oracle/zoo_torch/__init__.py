"""The zoo's nets as modules of PyTorch, written from the papers: a file for each family, a case for each net."""
from . import densenet121, dpn68, inception_resnet_v2, mobile, residual, shufflenet_v2, small, vit

CASES = small.CASES + residual.CASES + mobile.CASES + densenet121.CASES
CASES += inception_resnet_v2.CASES + dpn68.CASES + shufflenet_v2.CASES + vit.CASES
