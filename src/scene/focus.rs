//! Where an automatic zoom looks: clusters of pointer positions (cap-look.md 6.4).

use crate::cap::events::Move;
use crate::frame::Rect;
use crate::frame::Size;

/// Widest cluster at amount 1, cropped-content UV.
const WIDTH: f64 = 0.5;
/// Tallest cluster at amount 1, cropped-content UV.
const HEIGHT: f64 = 0.7;

/// Focus points of one automatic zoom, in the order they become active.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clusters(Vec<Cluster>);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cluster {
    /// Time of its first move, ms.
    first_ms: f64,
    /// Zoom centre it asks for.
    centre: [f64; 2],
}

/// What turns recorded pointer positions into zoom centres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FocusRule {
    /// Zoom amount, at least 1.
    pub(crate) amount: f64,
    /// Outer band that is mapped to the edge.
    pub(crate) edge_snap: f64,
    /// Shown part of the screen, recorded pixels.
    pub(crate) crop: Rect,
    /// Screen the positions are fractions of.
    pub(crate) screen: Size,
}

impl Clusters {
    /// Clusters the moves with `from_ms <= time <= to_ms`; without any, the last earlier move, else the first later one,
    /// stands for them, and without that the middle of the content.
    pub(crate) fn new(moves: &[Move], from_ms: f64, to_ms: f64, rule: &FocusRule) -> Self {
        let from = moves.partition_point(|m| m.time_ms < from_ms);
        let to = moves.partition_point(|m| m.time_ms <= to_ms);
        if from >= to {
            let nearest = from.checked_sub(1).or((from < moves.len()).then_some(from));
            let cluster = match nearest {
                Some(index) => rule.cluster(moves[index].time_ms, Extent::of(rule.content_uv(&moves[index]))),
                None => Cluster {
                    first_ms: from_ms,
                    centre: rule.centre([0.5, 0.5]),
                },
            };
            return Self(vec![cluster]);
        }

        let (width, height) = (WIDTH / rule.amount, HEIGHT / rule.amount);
        let mut clusters = Vec::new();
        let mut current: Option<(f64, Extent)> = None;
        for m in &moves[from..to] {
            let uv = rule.content_uv(m);
            current = Some(match current {
                None => (m.time_ms, Extent::of(uv)),
                Some((first_ms, extent)) => {
                    let grown = extent.with(uv);
                    if grown.width() > width || grown.height() > height {
                        clusters.push(rule.cluster(first_ms, extent));
                        (m.time_ms, Extent::of(uv))
                    } else {
                        (first_ms, grown)
                    }
                }
            });
        }
        clusters.extend(current.map(|(first_ms, extent)| rule.cluster(first_ms, extent)));
        Self(clusters)
    }

    /// Zoom centre at `now_ms`: of the last cluster that has begun, else of the first.
    pub(crate) fn centre_at(&self, now_ms: f64) -> [f64; 2] {
        let begun = self.0.partition_point(|cluster| cluster.first_ms <= now_ms);
        self.0
            .get(begun.saturating_sub(1))
            .map_or([0.5, 0.5], |cluster| cluster.centre)
    }
}

impl FocusRule {
    /// Position within the cropped content.
    fn content_uv(&self, m: &Move) -> [f64; 2] {
        [
            (m.x * f64::from(self.screen.width) - self.crop.x) / self.crop.width,
            (m.y * f64::from(self.screen.height) - self.crop.y) / self.crop.height,
        ]
    }

    fn cluster(&self, first_ms: f64, extent: Extent) -> Cluster {
        Cluster {
            first_ms,
            centre: self.centre(extent.centre()),
        }
    }

    /// Clamps and snaps a focus point to the edges.
    fn centre(&self, focus: [f64; 2]) -> [f64; 2] {
        focus.map(|v| snapped(v.clamp(0.0, 1.0), self.edge_snap))
    }
}

/// Edge snap of cap-look.md 6.4 with ratio `r`.
fn snapped(v: f64, r: f64) -> f64 {
    if r <= 0.0 {
        return v;
    }
    let high = 1.0 - r + 0.0001;
    if high <= r {
        return 0.5;
    }
    ((v - r) / (high - r)).clamp(0.0, 1.0)
}

/// Bounding box of positions.
#[derive(Clone, Copy, Debug)]
struct Extent {
    min: [f64; 2],
    max: [f64; 2],
}

impl Extent {
    const fn of(uv: [f64; 2]) -> Self {
        Self { min: uv, max: uv }
    }

    fn with(self, uv: [f64; 2]) -> Self {
        Self {
            min: [self.min[0].min(uv[0]), self.min[1].min(uv[1])],
            max: [self.max[0].max(uv[0]), self.max[1].max(uv[1])],
        }
    }

    fn width(&self) -> f64 {
        self.max[0] - self.min[0]
    }

    fn height(&self) -> f64 {
        self.max[1] - self.min[1]
    }

    fn centre(&self) -> [f64; 2] {
        [
            f64::midpoint(self.min[0], self.max[0]),
            f64::midpoint(self.min[1], self.max[1]),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(list: &[(f64, f64, f64)]) -> Vec<Move> {
        list.iter()
            .map(|&(time_ms, x, y)| Move {
                cursor_id: "0".into(),
                time_ms,
                x,
                y,
            })
            .collect()
    }

    const RULE: FocusRule = FocusRule {
        amount: 2.0,
        edge_snap: 0.0,
        crop: Rect {
            x: 0.0,
            y: 0.0,
            width: 1000.0,
            height: 500.0,
        },
        screen: Size::new(1000, 500),
    };

    fn close(a: [f64; 2], b: [f64; 2]) {
        assert!(
            (a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9,
            "{a:?} {b:?}"
        );
    }

    #[test]
    fn boxes_close_where_they_would_grow_too_large() {
        // At amount 2 a cluster is at most 0.25 wide and 0.35 high.
        let moves = moves(&[
            (100.0, 0.1, 0.2),
            (200.0, 0.3, 0.2),
            (300.0, 0.2, 0.5),
            (400.0, 0.4, 0.5),
            (500.0, 0.4, 0.9),
        ]);
        let clusters = Clusters::new(&moves, 0.0, 1000.0, &RULE);
        close(clusters.centre_at(0.0), [0.2, 0.35]);
        close(clusters.centre_at(399.0), [0.2, 0.35]);
        close(clusters.centre_at(400.0), [0.4, 0.5]);
        close(clusters.centre_at(9000.0), [0.4, 0.9]);
    }

    #[test]
    fn without_moves_in_range_the_nearest_counts() {
        let moves = moves(&[(100.0, 0.1, 0.2), (900.0, 0.8, 0.9)]);
        close(
            Clusters::new(&moves, 200.0, 300.0, &RULE).centre_at(250.0),
            [0.1, 0.2],
        );
        close(
            Clusters::new(&moves, 0.0, 50.0, &RULE).centre_at(25.0),
            [0.1, 0.2],
        );
        close(
            Clusters::new(&moves, 950.0, 990.0, &RULE).centre_at(960.0),
            [0.8, 0.9],
        );
        close(Clusters::new(&[], 0.0, 50.0, &RULE).centre_at(25.0), [0.5, 0.5]);
    }

    #[test]
    fn positions_are_read_within_the_crop_and_clamped() {
        let rule = FocusRule {
            crop: Rect {
                x: 500.0,
                y: 0.0,
                width: 500.0,
                height: 250.0,
            },
            ..RULE
        };
        let moves = moves(&[(100.0, 0.75, 0.1)]);
        close(
            Clusters::new(&moves, 0.0, 200.0, &rule).centre_at(0.0),
            [0.5, 0.2],
        );
        let moves = self::moves(&[(100.0, 0.25, 0.9)]);
        close(
            Clusters::new(&moves, 0.0, 200.0, &rule).centre_at(0.0),
            [0.0, 1.0],
        );
    }

    #[test]
    fn edges_snap() {
        // hi = 0.7501 for r = 0.25
        assert_eq!(snapped(0.2, 0.25), 0.0);
        assert!((snapped(0.5, 0.25) - 0.25 / 0.5001).abs() < 1e-12);
        assert_eq!(snapped(0.8, 0.25), 1.0);
        assert_eq!(snapped(0.9, 0.0), 0.9);
        // hi = 0.5001 > 0.5 keeps a sliver; above that the middle is all there is.
        assert_eq!(snapped(0.9, 0.5), 1.0);
        assert_eq!(snapped(0.9, 0.6), 0.5);
    }
}
