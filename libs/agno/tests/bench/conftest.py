import sys

from house.imports import REPOSITORY

sys.path.append(str(REPOSITORY))  # the benchmark is no part of the package
