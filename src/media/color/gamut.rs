//! Primaries: from the light of other red, green and blue to that of BT.709.

use super::Primaries;

/// A matrix of three rows, applied to a column of red, green, blue (or X, Y, Z).
pub(super) type Matrix = [[f64; 3]; 3];

/// CIE xy of a colour.
type Xy = (f64, f64);

const D65: Xy = (0.3127, 0.3290);
/// Illuminant C.
const C: Xy = (0.310, 0.316);
/// The white of cinema projectors.
const DCI: Xy = (0.314, 0.351);

/// CIE xy of red, green, blue and white (ISO/IEC 23091-2, 8.1).
fn chromaticities(primaries: Primaries) -> [Xy; 4] {
    match primaries {
        Primaries::Bt709 => [(0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65],
        Primaries::Bt601With525 => [(0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65],
        Primaries::Bt601With625 => [(0.640, 0.330), (0.290, 0.600), (0.150, 0.060), D65],
        Primaries::Bt470M => [(0.670, 0.330), (0.210, 0.710), (0.140, 0.080), C],
        Primaries::Film => [(0.681, 0.319), (0.243, 0.692), (0.145, 0.049), C],
        Primaries::Bt2020 => [(0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65],
        Primaries::DciP3 => [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), DCI],
        Primaries::DisplayP3 => [(0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65],
        Primaries::Ebu3213 => [(0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65],
    }
}

/// From linear light of these primaries to that of BT.709, white to white (adapted by Bradford's cone responses where the
/// whites differ).
pub(super) fn to_bt709(primaries: Primaries) -> Matrix {
    let [.., white] = chromaticities(primaries);
    let to_xyz = xyz_of(primaries);
    let from_xyz = inverse(xyz_of(Primaries::Bt709));
    multiply(from_xyz, multiply(adaptation(white, D65), to_xyz))
}

/// Weights of red, green and blue in the luminance of these primaries.
pub(super) fn luminance(primaries: Primaries) -> [f64; 3] {
    xyz_of(primaries)[1]
}

/// From linear R, G, B to X, Y, Z; white has Y 1.
fn xyz_of(primaries: Primaries) -> Matrix {
    let [red, green, blue, white] = chromaticities(primaries);
    let [r, g, b] = [red, green, blue].map(column);
    let columns = [[r[0], g[0], b[0]], [r[1], g[1], b[1]], [r[2], g[2], b[2]]];
    let scale = apply(inverse(columns), column(white));
    columns.map(|row| [row[0] * scale[0], row[1] * scale[1], row[2] * scale[2]])
}

/// X, Y, Z of a chromaticity at Y 1.
fn column((x, y): Xy) -> [f64; 3] {
    [x / y, 1.0, (1.0 - x - y) / y]
}

fn adaptation(from: Xy, to: Xy) -> Matrix {
    const BRADFORD: Matrix = [
        [0.8951, 0.2664, -0.1614],
        [-0.7502, 1.7135, 0.0367],
        [0.0389, -0.0685, 1.0296],
    ];
    let (from, to) = (apply(BRADFORD, column(from)), apply(BRADFORD, column(to)));
    let mut gains = [[0.0; 3]; 3];
    for axis in 0..3 {
        gains[axis][axis] = to[axis] / from[axis];
    }
    multiply(inverse(BRADFORD), multiply(gains, BRADFORD))
}

fn apply(m: Matrix, v: [f64; 3]) -> [f64; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn multiply(a: Matrix, b: Matrix) -> Matrix {
    a.map(|row| [0, 1, 2].map(|column| row[0] * b[0][column] + row[1] * b[1][column] + row[2] * b[2][column]))
}

fn inverse(m: Matrix) -> Matrix {
    let minor = |row: usize, column: usize| {
        let (r, c) = (|by: usize| (row + by) % 3, |by: usize| (column + by) % 3);
        m[r(1)][c(1)] * m[r(2)][c(2)] - m[r(1)][c(2)] * m[r(2)][c(1)]
    };
    let determinant = (0..3).map(|column| m[0][column] * minor(0, column)).sum::<f64>();
    [0, 1, 2].map(|row| [0, 1, 2].map(|column| minor(column, row) / determinant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: Matrix, expected: Matrix) {
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 6e-4, "{found} {expected}");
        }
    }

    /// ITU-R BT.2087-0, annex 2 gives the inverse of the matrix M2; SMPTE EG 432-1 to BT.709 as widely published.
    #[test]
    fn matrices_are_the_published_ones() {
        let bt2020 = [
            [1.6605, -0.5876, -0.0728],
            [-0.1246, 1.1329, -0.0083],
            [-0.0182, -0.1006, 1.1187],
        ];
        assert_close(to_bt709(Primaries::Bt2020), bt2020);
        let p3 = [
            [1.2249, -0.2247, 0.0],
            [-0.0420, 1.0419, 0.0],
            [-0.0197, -0.0786, 1.0979],
        ];
        assert_close(to_bt709(Primaries::DisplayP3), p3);
        let same = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        assert_close(to_bt709(Primaries::Bt709), same);
        let weights = luminance(Primaries::Bt2020);
        for (found, expected) in weights.iter().zip([0.2627, 0.6780, 0.0593]) {
            assert!((found - expected).abs() < 1e-4);
        }
    }

    #[test]
    fn white_stays_white() {
        for primaries in [
            Primaries::Bt601With525,
            Primaries::Bt601With625,
            Primaries::Bt470M,
            Primaries::Film,
            Primaries::Bt2020,
            Primaries::DciP3,
            Primaries::DisplayP3,
            Primaries::Ebu3213,
        ] {
            for channel in apply(to_bt709(primaries), [1.0; 3]) {
                assert!((channel - 1.0).abs() < 1e-9, "{primaries:?}: {channel}");
            }
        }
    }
}
