use std::ops::RangeInclusive;

/// DynamoDB keeps no more significant digits, and refuses a number that has more.
const DIGITS_MAX: usize = 38;

/// Where the first of them can stand, as a power of ten: from 1E-130 to 9.99…E+125.
const FIRST_DIGIT: RangeInclusive<i64> = -130..=125;

/// The number that a text reads as, written as DynamoDB writes it: in full, and
/// without zeros that say nothing, so that equal numbers are equal texts. Nothing
/// where it reads as none, or as one that DynamoDB cannot have.
pub(crate) fn number(text: &str) -> Option<String> {
    let (sign, amount) = match text.strip_prefix('-') {
        Some(amount) => ("-", amount),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, power) = match amount.split_once(['e', 'E']) {
        Some((digits, power)) => (digits, power.parse::<i32>().ok()?),
        None => (amount, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = [whole, part].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // How many of the digits stand before the point: less than none where zeros follow it.
    let before_point = i64::from(power) + i64::try_from(whole.len()).ok()?;
    let significant = digits.trim_start_matches('0');
    let before_point = before_point - i64::try_from(digits.len() - significant.len()).ok()?;
    let significant = significant.trim_end_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    if significant.len() > DIGITS_MAX || !FIRST_DIGIT.contains(&(before_point - 1)) {
        return None;
    }
    Some(format!("{sign}{}", in_full(significant, before_point)))
}

/// Digits with the point where it belongs, and the zeros between the two.
fn in_full(significant: &str, before_point: i64) -> String {
    match usize::try_from(before_point) {
        Ok(0) | Err(_) => {
            let zeros = usize::try_from(-before_point).unwrap_or_default();
            format!("0.{}{significant}", "0".repeat(zeros))
        }
        Ok(count) if count < significant.len() => {
            let (whole, part) = significant.split_at(count);
            format!("{whole}.{part}")
        }
        Ok(count) => format!("{significant:0<count$}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_written_in_full_and_without_zeros_that_say_nothing() {
        for (text, expected) in [
            ("7", "7"),
            ("-7", "-7"),
            ("+7", "7"),
            ("007.50", "7.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1200", "1200"),
            ("1.2E3", "1200"),
            ("12e+2", "1200"),
            ("12.5e-4", "0.00125"),
            ("0", "0"),
            ("-0.00e7", "0"),
        ] {
            assert_eq!(number(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        let unwritten = ["", "-", "+", ".", "e5", "1e", "1e+", "1e5.0"];
        let others = ["1.2.3", "--1", "+-1", "1 ", " 1", "1_0", "0x1", "inf", "NaN", "c-1", "١"];
        for text in unwritten.iter().chain(&others) {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_ends_where_dynamodbs_numbers_do() {
        let nines = "9".repeat(DIGITS_MAX);
        for text in [nines.as_str(), "1e-130", "-1E-130", "9.9999999999999999999999999999999999999E+125"] {
            assert!(number(text).is_some(), "{text}");
        }
        let zeros = format!("000{nines}{}", "0".repeat(88));
        // Zeros at the ends are no significant digits.
        assert_eq!(number(&zeros).as_deref(), Some(&zeros[3..]));
        let longer = format!("{nines}1");
        let long_part = format!("0.{nines}1");
        for text in [&longer[..], &long_part[..], "1e126", "-1e126", "9e200", "9.9e-131", "1e99999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_the_same_however_it_is_written(
            digits in "[1-9]|[1-9][0-9]{0,36}[1-9]",
            first in FIRST_DIGIT,
            sign in prop::sample::select(vec!["", "-"]),
            shift in -40..40_i64,
            zeros in (0..5_usize, 0..5_usize),
        ) {
            // The point behind the first digit, and then elsewhere, with zeros around.
            let usual = format!("{sign}{}.{}e{first}", &digits[..1], &digits[1..]);
            let length = i64::try_from(digits.len()).unwrap();
            let power = first + 1 - length - shift;
            let moved = match usize::try_from(shift) {
                Ok(shift) => format!("{digits}{}", "0".repeat(shift)),
                Err(_) => {
                    let all = format!("{}{digits}", "0".repeat(40));
                    let (whole, part) = all.split_at(all.len() - usize::try_from(-shift).unwrap());
                    format!("{whole}.{part}")
                }
            };
            let point = if moved.contains('.') { "" } else { "." };
            let (before, behind) = ("0".repeat(zeros.0), "0".repeat(zeros.1));
            let other = format!("{sign}{before}{moved}{point}{behind}E{power}");
            let read = number(&usual).unwrap();
            prop_assert_eq!(number(&other), Some(read.clone()), "{} and {}", usual, other);
            prop_assert_eq!(number(&read), Some(read));
        }

        #[test]
        fn only_what_is_too_long_or_too_far_from_one_is_a_number_for_others_alone(
            text in "[-+]?[0-9.]{0,50}([eE][-+]?[0-9]{0,4})?",
        ) {
            match (number(&text), text.parse::<f64>()) {
                (Some(ours), theirs) => prop_assert_eq!(ours.parse::<f64>(), theirs),
                (None, Ok(theirs)) => {
                    let digits = text.split(['e', 'E']).next().unwrap_or_default();
                    let too_long = digits.bytes().filter(u8::is_ascii_digit).count() > DIGITS_MAX;
                    let too_far = !(1e-130..1e126).contains(&theirs.abs());
                    prop_assert!(too_long || too_far, "{}", text);
                }
                (None, Err(_)) => {}
            }
        }
    }
}
