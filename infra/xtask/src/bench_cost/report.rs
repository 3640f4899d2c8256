use super::model::Model;
use super::prices::{AFTERWARDS, Bill, Prices, SERVICES};
use super::usage::{Kind, Usage};
use crate::Outcome;

const TRANSITIONS_MAX: f64 = 20.0;
const DOLLARS_MAX: f64 = 0.0009;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// The exports that are estimated.
const SIZES: [(u64, &str); 3] = [(MIB, "1 MiB"), (GIB, "1 GiB"), (100 * GIB, "100 GiB")];

/// A request with what it used.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) usage: Usage,
    /// One person with an ordinary amount of data: what the goals are about.
    pub(super) is_small: bool,
}

/// Prints what was measured and what follows from it, and whether it is what it is to be.
pub(super) fn print(prices: &Prices, measured: Vec<Row>, model: &Model, many: u32) -> Outcome {
    println!("\nList prices of {} in {}, in dollars.", prices.as_of, prices.region);
    let estimated = estimated(model, many);
    let mut goals = Vec::new();
    for (title, rows) in [("measured", measured), ("estimated", estimated)] {
        print_head(title);
        for row in rows {
            let bill = prices.bill(&row.usage)?;
            print_row(&row, &bill);
            if row.is_small {
                goals.extend(judged(&row, &bill));
            }
        }
    }
    println!("\n{NOTES}");
    for goal in goals {
        println!("{goal}");
    }
    Ok(())
}

fn estimated(model: &Model, many: u32) -> Vec<Row> {
    let mut rows = Vec::new();
    for people in [1, many] {
        for (bytes, size) in SIZES {
            let name = format!("export of {people}, {size}");
            let is_small = people == 1 && bytes == MIB;
            rows.push(Row { name, usage: model.export(people, bytes), is_small });
        }
    }
    rows
}

fn print_head(title: &str) {
    print!("\n{title:<22} {:>11}", "transitions");
    for service in SERVICES {
        print!(" {service:>14}");
    }
    print!(" {:>12}", "total");
    for later in AFTERWARDS {
        print!(" {later:>12}");
    }
    println!();
}

fn print_row(row: &Row, bill: &Bill) {
    print!("{:<22} {:>11.0}", row.name, row.usage.of(Kind::StateTransition));
    for service in SERVICES {
        print!(" {:>14.7}", bill.of(service));
    }
    print!(" {:>12.7}", bill.total());
    // What was measured leaves no archive of a size that says anything.
    for later in AFTERWARDS.iter().filter(|later| bill.of(later) > 0.0) {
        print!(" {:>12.7}", bill.of(later));
    }
    println!();
}

fn judged(row: &Row, bill: &Bill) -> [String; 2] {
    let verdict = |reached: bool| if reached { "reached" } else { "NOT REACHED" };
    let (transitions, dollars) = (row.usage.of(Kind::StateTransition), bill.total());
    [
        format!(
            "{TRANSITIONS_MAX} transitions at most: {} takes {transitions:.0}; {}",
            row.name,
            verdict(transitions <= TRANSITIONS_MAX)
        ),
        format!(
            "${DOLLARS_MAX} at most: {} costs ${dollars:.7}; {}",
            row.name,
            verdict(dollars <= DOLLARS_MAX)
        ),
    ]
}

const NOTES: &str = "\
A request costs what is used from its filing to the mail that tells how it ended. What runs by the
clock (sweep, consent, anchor) and what is paid for rows that lie in tables is no part of it.
Transitions: states entered, in children too, further tries, and starts of children.
Lambda: as long as the emulator's reports say, on this machine and with these binaries. Where a
function ran many times at once, each counts as long as when it ran alone.
KMS: one call for each caller and each bucket or table, as data keys are kept for minutes, and those
for a receipt. Its two keys cost a dollar a month each, whether or not anybody asks.
Estimates: a line through what was measured, and from there on segments of 32 MiB, as many in a
step as it has time for. All data are rows of DynamoDB, and the archive is as large as they are.
kept: 90 days in S3. download: once, to the internet. Neither is in the total.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn row(transitions: f64) -> Row {
        let usage = Usage::default().with(Kind::StateTransition, transitions);
        Row { name: "export of 1".into(), usage, is_small: true }
    }

    #[test]
    fn a_goal_is_reached_up_to_its_number() {
        let prices = Prices::shipped().unwrap();
        let judge = |row: &Row| judged(row, &prices.bill(&row.usage).unwrap());
        assert_eq!(
            judge(&row(20.0)),
            [
                "20 transitions at most: export of 1 takes 20; reached",
                "$0.0009 at most: export of 1 costs $0.0005000; reached",
            ]
        );
        assert_eq!(
            judge(&row(40.0)),
            [
                "20 transitions at most: export of 1 takes 40; NOT REACHED",
                "$0.0009 at most: export of 1 costs $0.0010000; NOT REACHED",
            ]
        );
    }
}
