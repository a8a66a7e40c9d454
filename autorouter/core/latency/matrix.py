"""The inverse of a small symmetric matrix: as many rows as one client network has measured regions."""

from math import log

Matrix = list[list[float]]


def inverse(matrix: Matrix) -> tuple[Matrix, float]:
    """The inverse of a positive definite *matrix*, and the logarithm of its determinant.

    Gauss-Jordan without pivoting, which is safe for what has noise on its diagonal.

    >>> inverse([[4.0, 0.0], [0.0, 0.25]])
    ([[0.25, 0.0], [0.0, 4.0]], 0.0)
    """
    size = len(matrix)
    rows = [[*row, *(1.0 if i == j else 0.0 for j in range(size))] for i, row in enumerate(matrix)]
    log_determinant = 0.0
    for i, row in enumerate(rows):
        pivot = row[i]
        log_determinant += log(pivot)
        row[:] = [value / pivot for value in row]
        for other in rows:
            if other is not row and other[i]:
                factor = other[i]
                other[:] = [value - factor * by for value, by in zip(other, row, strict=True)]
    return [row[size:] for row in rows], log_determinant
