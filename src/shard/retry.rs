//! Names of parts for people and for the array syntax of engines.

use super::part::PartId;

/// Indices of array jobs, `3,7,9-11`: the sound is the index behind the last part, as `run` takes it.
pub(super) fn array(missing: &[PartId], parts: u32) -> String {
    let mut indices: Vec<u32> = missing
        .iter()
        .map(|part| match part {
            PartId::Video(number) => *number,
            PartId::Sound => parts,
        })
        .collect();
    indices.sort_unstable();
    indices.dedup();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for index in indices {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => runs.push((index, index)),
        }
    }
    let texts = runs.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_written_as_engines_take_them() {
        let video = |numbers: &[u32]| numbers.iter().copied().map(PartId::Video).collect::<Vec<_>>();
        assert_eq!(array(&video(&[3, 7, 9, 10, 11]), 16), "3,7,9-11");
        assert_eq!(array(&video(&[4, 5]), 16), "4,5");
        assert_eq!(array(&[PartId::Video(15), PartId::Sound], 16), "15,16");
        assert_eq!(array(&[PartId::Sound], 3), "3");
        assert_eq!(array(&[], 3), "");
    }
}
