use super::*;
use proptest::prelude::*;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Where each part's bytes come from, in order: segment and range.
fn pieces(layout: &Layout, segments: &[u64]) -> Vec<Vec<(usize, Range<u64>)>> {
    let whole = |list: &[usize]| list.iter().map(|&s| (s, 0..segments[s])).collect();
    let parts = layout.parts.iter().map(|part| match part {
        Part::Copy { segment, range } => vec![(*segment, range.clone())],
        Part::Gather { segments } => whole(segments),
    });
    parts.chain([whole(&layout.tail)]).collect()
}

#[test]
fn large_segments_are_copied_first_and_small_ones_gathered_behind() -> Result<(), TooManyParts> {
    let layout = Layout::plan(&[2 * MIB, 8 * MIB, 4 * MIB, 5 * MIB, MIB])?;
    assert_eq!(
        layout.parts,
        [
            Part::Copy { segment: 1, range: 0..8 * MIB },
            Part::Copy { segment: 3, range: 0..5 * MIB },
            Part::Gather { segments: vec![0, 2] },
        ]
    );
    assert_eq!(layout.tail, [4]);
    assert_eq!(layout.offsets, [13 * MIB, 0, 15 * MIB, 8 * MIB, 19 * MIB]);
    assert_eq!(layout.bytes, 20 * MIB);
    Ok(())
}

#[test]
fn a_segment_larger_than_a_part_is_split_without_a_short_rest() -> Result<(), TooManyParts> {
    let layout = Layout::plan(&[PART_BYTES_MAX + 1])?;
    let half = PART_BYTES_MAX / 2;
    assert_eq!(
        layout.parts,
        [
            Part::Copy { segment: 0, range: 0..half + 1 },
            Part::Copy { segment: 0, range: half + 1..PART_BYTES_MAX + 1 },
        ]
    );
    assert_eq!(Layout::plan(&[PART_BYTES_MAX])?.parts.len(), 1);
    Ok(())
}

#[test]
fn an_archive_of_nothing_is_only_a_tail() -> Result<(), TooManyParts> {
    let nothing = Layout::plan(&[])?;
    assert!(nothing.parts.is_empty() && nothing.tail.is_empty());
    let empty = Layout::plan(&[0, 7, 0])?;
    assert_eq!((empty.tail, empty.offsets), (vec![1], vec![0, 0, 7]));
    Ok(())
}

#[test]
fn one_part_is_kept_for_the_tail() {
    let most = vec![5 * MIB; PARTS_MAX - 1];
    assert!(Layout::plan(&most).is_ok_and(|layout| layout.parts.len() == 9_999));
    let more = vec![5 * MIB; PARTS_MAX];
    assert_eq!(Layout::plan(&more), Err(TooManyParts { max: 10_000 }));
    assert!(Layout::plan(&[u64::MAX]).is_err());
    assert!(Layout::plan(&vec![4 * MIB; 2 * PARTS_MAX]).is_err());
}

fn sizes() -> impl Strategy<Value = Vec<u64>> {
    let size = prop_oneof![
        Just(0),
        1..PART_BYTES_MIN,
        PART_BYTES_MIN - 1..=PART_BYTES_MIN + 1,
        PART_BYTES_MIN..=64 * MIB,
        PART_BYTES_MAX - 1..=PART_BYTES_MAX + 1,
        PART_BYTES_MAX..=40 * GIB,
    ];
    proptest::collection::vec(size, 0..60)
}

proptest! {
    #[test]
    fn every_byte_is_used_once_and_lies_where_the_offsets_say(segments in sizes()) {
        let layout = Layout::plan(&segments)?;
        let mut at = 0;
        let mut copied = vec![0; segments.len()];
        for (segment, range) in pieces(&layout, &segments).into_iter().flatten() {
            prop_assert_eq!(range.start, copied[segment]);
            prop_assert_eq!(at, layout.offsets[segment] + range.start);
            at += range.end - range.start;
            copied[segment] = range.end;
        }
        prop_assert_eq!(&copied, &segments);
        prop_assert_eq!(at, layout.bytes);
    }

    #[test]
    fn every_part_but_the_last_has_a_size_s3_takes(segments in sizes()) {
        let layout = Layout::plan(&segments)?;
        prop_assert!(layout.parts.len() < PARTS_MAX);
        let mut parts = pieces(&layout, &segments);
        let tail = parts.pop().into_iter().flatten();
        let bytes = |part: &mut dyn Iterator<Item = (usize, Range<u64>)>| {
            part.map(|(_, range)| range.end - range.start).sum::<u64>()
        };
        prop_assert!(bytes(&mut tail.into_iter()) < PART_BYTES_MIN);
        for (part, pieces) in layout.parts.iter().zip(parts) {
            let size = bytes(&mut pieces.into_iter());
            prop_assert!((PART_BYTES_MIN..=PART_BYTES_MAX).contains(&size));
            if matches!(part, Part::Gather { .. }) {
                prop_assert!(size < 2 * PART_BYTES_MIN);
            }
        }
    }
}
