use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use habeas_local::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// How often a pipe is told of rows that are passing.
const PIPE_PAUSE: Duration = Duration::from_secs(5);

/// Shows what is going on: a moving line on a terminal, plain lines in a pipe.
pub(crate) struct Ui {
    bar: Option<ProgressBar>,
    told: Mutex<Option<Instant>>,
}

impl Ui {
    pub(crate) fn new() -> Self {
        let bar = std::io::stdout().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { bar, told: Mutex::new(None) }
    }

    /// A line that stays.
    pub(crate) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{line}")),
            None => println!("{line}"),
        }
    }

    /// A line that stays, and what is now going on.
    pub(crate) fn heading(&self, line: &str) {
        self.say(&format!("\n== {line}"));
    }

    /// What is going on right now, for a terminal only.
    pub(crate) fn doing(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// How far a step has come. May be called as often as one likes.
    pub(crate) fn count(&self, message: &str) {
        self.moving(message, false);
    }

    /// A pipe is told now and then, and in the end.
    fn moving(&self, message: &str, is_last: bool) {
        if let Some(bar) = &self.bar {
            bar.set_message(message.to_owned());
        } else if let Ok(mut told) = self.told.lock()
            && (is_last || told.is_none_or(|at| at.elapsed() >= PIPE_PAUSE))
        {
            println!("   {message}");
            *told = Some(Instant::now());
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Ui {
    fn step(&self, message: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(message.to_owned());
                bar.reset_elapsed();
            }
            None => println!("   {message}"),
        }
    }

    fn rows(&self, done: usize, total: usize) {
        self.moving(&format!("Loading rows: {done} of {total}"), done == total);
    }
}
