use super::peers::{NODE, PYTHON};
use super::start::Start;

const INSTRUCTIONS_MAX: u64 = 4_000_000;
const CPU_MS_MAX: f64 = 5.0;
const TIMES_LESS_THAN_NODE: f64 = 50.0;
const TIMES_LESS_THAN_PYTHON: f64 = 100.0;
/// Whose package has a goal of its own: it lays archives together, and may be invoked anew for each part.
const BOUNDED: &str = "package";
const BOUNDED_MB_MAX: f64 = 3.0;

/// What was measured of one function.
pub(super) struct Figures {
    pub(super) name: String,
    pub(super) starts: Vec<Start>,
    /// None where there is no valgrind.
    pub(super) instructions: Option<u64>,
    pub(super) package_bytes: u64,
}

impl Figures {
    fn cpu_ms(&self) -> f64 {
        median_ms(&self.starts, |start| start.cpu_ns)
    }

    fn package_mb(&self) -> f64 {
        self.package_bytes as f64 / 1e6
    }
}

pub(super) fn print(functions: &[Figures], peers: &[(&str, &[Start])]) {
    println!("{:<12} {:>9} {:>9} {:>14} {:>10}", "", "CPU ms", "wall ms", "instructions", "zipped MB");
    for function in functions {
        let instructions = function.instructions.map_or_else(|| "-".to_owned(), |count| count.to_string());
        println!(
            "{:<12} {:>9.2} {:>9.2} {instructions:>14} {:>10.2}",
            function.name,
            function.cpu_ms(),
            median_ms(&function.starts, |start| start.wall_ns),
            function.package_mb(),
        );
    }
    for (name, starts) in peers {
        let (cpu, wall) = (median_ms(starts, |start| start.cpu_ns), median_ms(starts, |start| start.wall_ns));
        println!("{name:<12} {cpu:>9.2} {wall:>9.2}");
    }
    for goal in goals(functions, peers) {
        println!("{goal}");
    }
}

/// Each goal with how far the worst function is from it.
fn goals(functions: &[Figures], peers: &[(&str, &[Start])]) -> Vec<String> {
    let mut goals = Vec::new();
    let slowest = functions.iter().max_by(|a, b| a.cpu_ms().total_cmp(&b.cpu_ms()));
    let longest = functions.iter().filter_map(|f| Some((f.instructions?, &f.name))).max();
    goals.push(match longest {
        Some((count, name)) => goal(
            count <= INSTRUCTIONS_MAX,
            &format!("{INSTRUCTIONS_MAX} instructions at most: {name} takes {count}"),
        ),
        None => format!("{INSTRUCTIONS_MAX} instructions at most: not measured"),
    });
    if let Some(slowest) = slowest {
        let (name, cpu) = (&slowest.name, slowest.cpu_ms());
        goals.push(goal(
            cpu <= CPU_MS_MAX,
            &format!("{CPU_MS_MAX} ms of CPU at most: {name} takes {cpu:.2} ms"),
        ));
        for (peer, times) in [(NODE, TIMES_LESS_THAN_NODE), (PYTHON, TIMES_LESS_THAN_PYTHON)] {
            let Some((_, starts)) = peers.iter().find(|(name, _)| *name == peer) else { continue };
            let ratio = median_ms(starts, |start| start.cpu_ns) / cpu;
            let text = format!("{times} times less CPU than {peer} at least: {name} {ratio:.0} times");
            goals.push(goal(ratio >= times, &text));
        }
    }
    if let Some(bounded) = functions.iter().find(|function| function.name == BOUNDED) {
        let mb = bounded.package_mb();
        let text = format!("{BOUNDED_MB_MAX} MB zipped at most: {BOUNDED} has {mb:.2} MB");
        goals.push(goal(mb <= BOUNDED_MB_MAX, &text));
    }
    goals
}

fn goal(reached: bool, text: &str) -> String {
    format!("{text}; {}", if reached { "reached" } else { "NOT REACHED" })
}

fn median_ms(starts: &[Start], of: impl Fn(&Start) -> u64) -> f64 {
    let mut values: Vec<_> = starts.iter().map(of).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(cpu_ms: &[u64]) -> Vec<Start> {
        cpu_ms.iter().map(|ms| Start { cpu_ns: ms * 1_000_000, wall_ns: 0 }).collect()
    }

    fn function(name: &str, cpu_ms: u64, instructions: u64, package_bytes: u64) -> Figures {
        let starts = starts(&[cpu_ms]);
        Figures { name: name.into(), starts, instructions: Some(instructions), package_bytes }
    }

    #[test]
    fn the_worst_function_decides_whether_a_goal_is_reached() {
        let functions = [function("decide", 2, 1_500_000, 0), function("package", 6, 4_000_001, 3_100_000)];
        let (node, python) = (starts(&[300]), starts(&[599]));
        let goals = goals(&functions, &[(NODE, &node[..]), (PYTHON, &python[..])]);
        assert_eq!(
            goals,
            [
                "4000000 instructions at most: package takes 4000001; NOT REACHED",
                "5 ms of CPU at most: package takes 6.00 ms; NOT REACHED",
                "50 times less CPU than node at least: package 50 times; reached",
                "100 times less CPU than Python at least: package 100 times; NOT REACHED",
                "3 MB zipped at most: package has 3.10 MB; NOT REACHED",
            ]
        );
    }

    #[test]
    fn the_median_is_not_moved_by_one_slow_start() {
        assert!((median_ms(&starts(&[2, 90, 3]), |start| start.cpu_ns) - 3.0).abs() < f64::EPSILON);
    }
}
