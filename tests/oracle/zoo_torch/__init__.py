"""The zoo's nets as modules of PyTorch, written from the papers: a file for each family, a case for each net."""
from . import mobile, residual, small

CASES = small.CASES + residual.CASES + mobile.CASES
