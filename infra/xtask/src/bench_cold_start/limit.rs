//! The gate of `cargo xtask test`: no function may take long to start.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use habeas_local::target_dir;

use super::{all_functions, instructions};
use crate::{Outcome, build, root};

/// Until its first call, of a function that is built as the tests build it, for x86-64. The goal of 4
/// million is one of release builds, which take a quarter of an hour; a start takes several times
/// as many instructions in these.
const INSTRUCTIONS_MAX: u64 = 16_000_000;

/// How many instructions a function's start took.
struct Count {
    name: String,
    instructions: u64,
}

/// Starts every function as the tests build it, and fails where one takes more than it may.
pub(crate) fn check() -> Outcome {
    if !instructions::can_be_counted() {
        println!("valgrind is not installed (Debian: valgrind): starts are not counted");
        return Ok(());
    }
    build::functions()?;
    let binaries = target_dir(&root()).join("debug");
    let profiles = target_dir(&root()).join("start");
    fs::create_dir_all(&profiles)?;
    let mut counts = count_all(&all_functions()?, |name| {
        instructions::until_the_first_event(&binaries.join(name), &profile(&profiles, name))
    })?;
    counts.sort_by_key(|count| count.instructions);
    for Count { name, instructions } in &counts {
        println!("{name:<12} {:>6.2} million instructions", *instructions as f64 / 1e6);
    }
    judge(&counts, &profiles)
}

/// Where callgrind writes what took the instructions of a function.
fn profile(profiles: &Path, name: &str) -> PathBuf {
    profiles.join(format!("{name}.callgrind"))
}

/// Counts as many at a time as there are processors: each takes callgrind two seconds.
fn count_all(
    functions: &[String],
    count: impl Fn(&str) -> Outcome<u64> + Sync,
) -> Result<Vec<Count>, String> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let count = &|name: &String| match count(name) {
        Ok(instructions) => Ok(Count { name: name.clone(), instructions }),
        Err(error) => Err(format!("{name}: {error}")),
    };
    thread::scope(|scope| {
        let start = |worker| {
            let share = functions.iter().skip(worker).step_by(workers);
            scope.spawn(move || share.map(count).collect::<Result<Vec<_>, _>>())
        };
        let started: Vec<_> = (0..workers).map(start).collect();
        let mut counts = Vec::new();
        for worker in started {
            counts.extend(worker.join().map_err(|_panic| "counting has panicked")??);
        }
        Ok(counts)
    })
}

/// Names every function that takes too long, with the way to what it does.
fn judge(counts: &[Count], profiles: &Path) -> Outcome {
    let mut problems = Vec::new();
    for Count { name, instructions } in counts.iter().filter(|count| count.instructions > INSTRUCTIONS_MAX) {
        problems.push(format!(
            "{name} takes {instructions} instructions to start, of {INSTRUCTIONS_MAX} at most; \
             `callgrind_annotate --inclusive=yes {}` shows what takes them",
            profile(profiles, name).display()
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(name: &str, instructions: u64) -> Count {
        Count { name: name.to_owned(), instructions }
    }

    #[test]
    fn a_function_at_the_limit_passes_and_all_beyond_it_are_named() {
        let at = count("decide", INSTRUCTIONS_MAX);
        assert!(judge(&[at], Path::new("target/start")).is_ok());
        let counts = [count("decide", 1), count("sweep", INSTRUCTIONS_MAX + 1), count("verify", u64::MAX)];
        let problem = judge(&counts, Path::new("target/start")).unwrap_err().to_string();
        let (first, second) = problem.split_once('\n').unwrap();
        assert!(
            first.starts_with("sweep takes 16000001 instructions to start, of 16000000 at most"),
            "{first}"
        );
        assert!(first.contains("target/start/sweep.callgrind"), "{first}");
        assert!(second.starts_with("verify takes "), "{second}");
    }

    #[test]
    fn every_function_is_counted_once_however_many_are_counted_at_a_time() {
        let functions: Vec<_> = (10..35).map(|number| format!("f{number}")).collect();
        let mut counts = count_all(&functions, |name| Ok(name[1..].parse()?)).unwrap();
        counts.sort_by_key(|count| count.instructions);
        assert!(counts.iter().map(|count| &count.name).eq(&functions));
    }

    #[test]
    fn a_function_that_does_not_start_is_named() {
        let functions = ["decide".to_owned(), "sweep".to_owned()];
        let start = |name: &str| if name == "sweep" { Err("it has no TABLE".into()) } else { Ok(1) };
        assert_eq!(count_all(&functions, start).err().unwrap(), "sweep: it has no TABLE");
    }
}
