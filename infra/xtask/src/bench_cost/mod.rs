//! What a request costs: real ones over a local stack whose emulator is metered,
//! at AWS's list prices.

mod calls;
mod lambda;
mod meter;
mod model;
mod people;
mod prices;
mod report;
mod requests;
mod transitions;
mod usage;

use clap::Args;
use habeas_local::{Layout, Progress, Stack, UpOptions, target_dir};
use tokio::runtime::Runtime;

use crate::ui::Ui;
use crate::{Outcome, build, local, root};
use meter::Meter;
use model::Model;
use people::People;
use prices::Prices;
use report::Row;
use requests::{Measured, Scene};

/// A stack of its own: what others do in theirs would be metered too.
const STACK: &str = "cost";

/// How many people a request may be about.
const MANY: u32 = 50;

#[derive(Args)]
pub(crate) struct Options {
    /// Run what AWS would run: the first build takes long, and functions take less time.
    #[arg(long)]
    release: bool,
    /// Megabytes that one core of Lambda reads, filters, compresses and writes in a
    /// second, which estimates of large exports go by.
    #[arg(long, default_value_t = 15.0)]
    mb_per_second: f64,
    /// Leave the stack up, with the metered calls in its folder below target/local.
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(options: &Options, runtime: &Runtime) -> Outcome {
    let prices = Prices::shipped()?;
    if options.release {
        build::cargo(&["build", "--workspace", "--bins", "--release"])?;
    } else {
        build::functions()?;
    }
    let layout = Layout::new(&root(), STACK)?;
    Stack::reset(&layout)?;
    let measured = runtime.block_on(measure(options, &layout));
    if measured.is_err() || options.keep {
        eprintln!("The stack is left up: `cargo xtask local logs --name {STACK}`, and `reset` after.");
    } else {
        Stack::reset(&layout)?;
    }
    let [export_one, export_many, delete_one, delete_many] = measured?;
    let model = Model::new(&export_one, &export_many, MANY, options.mb_per_second);
    let row = |name: &str, usage, is_small| Row { name: name.to_owned(), usage, is_small };
    let rows = vec![
        row("export of 1", export_one, true),
        row(&format!("export of {MANY}"), export_many, false),
        row("deletion of 1", delete_one, true),
        row(&format!("deletion of {MANY}"), delete_many, false),
    ];
    report::print(&prices, rows, &model, MANY)
}

/// What an export of one person uses, one of many, and deletions of as many.
async fn measure(options: &Options, layout: &Layout) -> Outcome<[usage::Usage; 4]> {
    let ui = Ui::new();
    ui.step("Checking the Python environment of the metered emulator");
    let (meter, venv) = Meter::install(layout)?;
    let mut wanted = UpOptions::new(&root(), STACK)?.waits(0, 0);
    wanted.venv = venv;
    if options.release {
        wanted.binaries = target_dir(&root()).join("release");
    }
    let mut stack = Stack::up(&wanted, &ui).await?;
    let dir = target_dir(&root()).join("bench-cost").join("data");
    habeas_sample_data::generate(&dir)?;
    local::load(&mut stack, &dir, &ui).await?;
    let people = People::choose(&dir, MANY as usize)?;
    let api = stack.api_as(&people.admin).await?;
    let mut scene = Scene { stack, api, meter, ui };
    // Nobody's figures: the emulator unpacks functions and starts them the first time.
    scene.export(&people.warming_up).await?;
    scene.delete(&people.warming_up).await?;
    let export_one = scene.export(&people.exported).await?;
    let export_many = scene.export(&people.many_exported).await?;
    let delete_one = scene.delete(&people.deleted).await?;
    let delete_many = scene.delete(&people.many_deleted).await?;
    scene.ui.finish();
    let together = |many: Measured, one: &Measured| many.if_alone(one).usage();
    Ok([
        export_one.usage(),
        together(export_many, &export_one),
        delete_one.usage(),
        together(delete_many, &delete_one),
    ])
}
