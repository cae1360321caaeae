"""StandardScaler and PCA folded into one affine map, and the map as a C header.

PCA of standardised pixels: components * ((x - mean) / deviation - pca_mean). The folded map is
(components / deviation) * (x - (mean + pca_mean * deviation)), computed in double precision and rounded once.
"""

import numpy as np

import pca


def fold(scaler, decomposition):
    """The map of a fitted StandardScaler and PCA, as the board computes it."""
    mean = scaler.mean_ + decomposition.mean_ * scaler.scale_
    matrix = decomposition.components_ / scaler.scale_
    explained = tuple(float(share) for share in decomposition.explained_variance_ratio_)
    return pca.Transform(mean.astype(np.float32), matrix.astype(np.float32), explained)


def header(name, transform):
    """A C header: the matrix as a const table, and what the mean comes to as one offset per row."""
    rows, columns = transform.matrix.shape
    wide = transform.matrix.astype(np.float64)
    offsets = (-(wide @ transform.mean.astype(np.float64))).astype(np.float32)
    upper = name.upper()
    table = "\n".join(
        "    {\n" + "".join(f"        {', '.join(_c(v) for v in row[at : at + 8])},\n" for at in range(0, columns, 8)) + "    },"
        for row in transform.matrix
    )
    return f"""// StandardScaler and PCA as one table: {rows} x {columns} float32, {4 * rows * (columns + 1)} bytes, written by
// training/. result[r] = {name}_offset[r] + sum over c of {name}_matrix[r][c] * pixel[c], pixel = (byte - 127) / 128.
// The scaler is folded in. A model slot holds the same map as mean and matrix; the last bits may differ.

#ifndef {upper}_H
#define {upper}_H

#define {upper}_ROWS {rows}
#define {upper}_COLUMNS {columns}

static const float {name}_offset[{rows}] = {{{', '.join(_c(v) for v in offsets)}}};
static const float {name}_matrix[{rows}][{columns}] = {{
{table}
}};

static inline void {name}_transform(const float *pixels, float *result) {{
    for (int r = 0; r < {upper}_ROWS; r++) {{
        float sum = {name}_offset[r];
        for (int c = 0; c < {upper}_COLUMNS; c++) sum += {name}_matrix[r][c] * pixels[c];
        result[r] = sum;
    }}
}}

#endif
"""


def _c(value):
    """A float32 as a C literal, in the fewest digits that read back to it."""
    text = str(np.float32(value))
    return (text if "." in text or "e" in text else text + ".0") + "f"
