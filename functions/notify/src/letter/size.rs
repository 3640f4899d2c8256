/// A size in binary units, with one decimal that is cut and not rounded: a
/// file is never said to be larger than it is. `units` begins with bytes; each
/// further one is 1024 of the one before.
pub(super) fn size(bytes: u64, units: [&str; 5], decimal_point: char) -> String {
    let [smallest, larger @ ..] = units;
    let (mut whole, mut rest, mut unit) = (bytes, None, smallest);
    for next in larger {
        if whole < 1024 {
            break;
        }
        (rest, whole, unit) = (Some(whole % 1024), whole / 1024, next);
    }
    match rest {
        None => format!("{whole} {unit}"),
        Some(rest) => format!("{whole}{decimal_point}{} {unit}", rest * 10 / 1024),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_the_largest_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 K"),
            (1536, "1.5 K"),
            ((1 << 20) - 1, "1023.9 K"),
            (5 << 30, "5.0 G"),
            (2048 << 40, "2048.0 T"),
        ] {
            assert_eq!(size(bytes, ["B", "K", "M", "G", "T"], '.'), text);
        }
    }
}
