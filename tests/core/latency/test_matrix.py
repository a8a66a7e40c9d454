"""Small inverses, held against numpy's."""

from random import Random

import numpy as np
import pytest

from autorouter.core.latency.belief import MOST_SAMPLES
from autorouter.core.latency.matrix import inverse


@pytest.mark.parametrize("size", range(1, MOST_SAMPLES + 1))
def test_the_inverse_and_the_determinant_are_numpys(size):
    dice = Random(size)
    root = np.array([[dice.gauss(0, 1) for _ in range(size)] for _ in range(size)])
    matrix = root @ root.T + 0.01 * np.eye(size)
    found, log_determinant = inverse(matrix.tolist())
    assert np.allclose(found, np.linalg.inv(matrix), rtol=1e-8)
    assert log_determinant == pytest.approx(np.linalg.slogdet(matrix)[1])


def test_nothing_measured_is_nothing_to_invert():
    assert inverse([]) == ([], 0.0)


def test_what_is_inverted_is_left_as_it_was():
    matrix = [[2.0, 1.0], [1.0, 2.0]]
    inverse(matrix)
    assert matrix == [[2.0, 1.0], [1.0, 2.0]]
