use std::collections::BTreeMap;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use habeas_local::{Stack, Trace};

use super::Name;
use crate::{Outcome, root};

#[derive(Args)]
pub(crate) struct Traces {
    #[command(flatten)]
    name: Name,
    /// What to look for, such as an address, a name or an id.
    #[arg(required = true, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    texts: Vec<String>,
    /// For scripts.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: &Traces) -> Outcome {
    let stack = Stack::open(&root(), &options.name.name)?;
    let traces = stack.traces(&options.texts).await?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&traces)?);
    } else {
        print!("{}", report(&traces));
    }
    Ok(())
}

/// A table, a bucket or the like with the number of its places, then each place
/// with what was found in which parts of it.
fn report(traces: &[Trace]) -> String {
    if traces.is_empty() {
        return "Nothing found.\n".to_owned();
    }
    let mut found: BTreeMap<String, Vec<&Trace>> = BTreeMap::new();
    for trace in traces {
        found.entry(trace.place.within()).or_default().push(trace);
    }
    let (mut out, mut places) = (String::new(), 0);
    for (within, traces) in &found {
        // They come in the order of their places, and of the parts of each.
        let of_places: Vec<_> = traces.chunk_by(|one, next| one.place == next.place).collect();
        places += of_places.len();
        out.push_str(&format!("{within}: {}\n", counted(of_places.len(), "place")));
        for of_place in of_places {
            out.push_str(&format!("  {}\n", of_place[0].place));
            for of_part in of_place.chunk_by(|one, next| one.part == next.part) {
                let texts: Vec<_> = of_part.iter().map(|trace| trace.text.as_str()).collect();
                out.push_str(&format!("    {}: {}\n", of_part[0].part, texts.join(" | ")));
            }
        }
    }
    out.push_str(&format!("{} in {}.\n", counted(traces.len(), "trace"), counted(places, "place")));
    out
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use habeas_local::Place;

    use super::*;

    fn row(table: &str, key: &str, part: &str, text: &str) -> Trace {
        let place = Place::Row { table: table.to_owned(), key: format!("[\"{key}\"]") };
        Trace { place, part: part.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn traces_are_shown_by_place_with_counts() {
        let log = Place::Log { function: "plan".to_owned() };
        let traces = [
            row("users", "a", "email", "ana"),
            row("users", "a", "email", "ana@a.example"),
            row("users", "a", "name", "ana"),
            row("users", "b", "name", "ana"),
            Trace { place: log, part: "line 7".to_owned(), text: "ana".to_owned() },
        ];
        let wanted = "\
log plan: 1 place
  log plan
    line 7: ana
table users: 2 places
  table users [\"a\"]
    email: ana | ana@a.example
    name: ana
  table users [\"b\"]
    name: ana
5 traces in 3 places.
";
        assert_eq!(report(&traces), wanted);
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert_eq!(report(&[]), "Nothing found.\n");
    }
}
