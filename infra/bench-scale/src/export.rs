use serde_json::{Value, json};

use crate::buckets::Buckets;
use crate::files::Files;
use crate::function::{Function, Place};
use crate::request::filed;
use crate::stage::Stage;
use crate::{Options, Outcome};

/// More steps than the largest export takes.
const STEPS_MAX: u32 = 20_000;

/// Plans, collects and packages an export, as the state machine has it done.
pub(crate) async fn run(options: &Options) -> Outcome<Value> {
    let buckets = Buckets::create(options.store).await?;
    let (table, request) = filed().await?;
    let files = Files::new(options.files, options.bytes_each, options.first_bytes);
    let stage = Stage::open(table, files, options.store)?;
    let place = Place {
        programs: &options.functions,
        scratch: &options.scratch,
        aws: stage.address,
        buckets: &buckets,
    };
    let input = json!({"account": request.account, "request": request.id});
    let units = plan(&place, &input)?;
    stage.traffic();

    let mut collect = Function::start("collect", &place)?;
    let (mut steps, mut collected) = (0, Vec::new());
    for unit in &units {
        let of_unit = collect_unit(&mut collect, &input, unit)?;
        collected.push(json!({"unit": unit, "steps": of_unit}));
        steps += of_unit;
    }
    let collect = json!({"took": collect.end()?, "traffic": stage.traffic()});
    let segments = buckets.segments(request.id).await?;

    let mut package = Function::start("package", &place)?;
    let archive = package_archive(&mut package, &input, &units, &collected)?;
    let package = json!({"took": package.end()?, "traffic": stage.traffic()});

    buckets.remove(&buckets.work).await?;
    let text = |name: &str, kind: &str| archive["M"][name][kind].as_str().ok_or("the archive is not told of");
    if let Some(file) = &options.archive {
        buckets.download(text("key", "S")?, file).await?;
    }
    buckets.remove(&buckets.archives).await?;
    let bytes: u64 = text("bytes", "N")?.parse()?;
    Ok(json!({
        "steps": steps,
        "segments": segments,
        "archive_bytes": bytes,
        "collect": collect,
        "package": package,
    }))
}

fn plan(place: &Place<'_>, input: &Value) -> Outcome<Vec<String>> {
    let mut plan = Function::start("plan", place)?;
    let mut planned = plan.call(input)?;
    plan.end()?;
    Ok(serde_json::from_value(planned["units"].take())?)
}

/// Does a unit's steps, and says how many there were.
fn collect_unit(collect: &mut Function, input: &Value, unit: &str) -> Outcome<u32> {
    let mut input = input.clone();
    input["unit"] = json!(unit);
    for step in 1..=STEPS_MAX {
        let mut done = collect.call(&input)?;
        if done["done"] == true {
            return Ok(step);
        }
        input["cursor"] = done["cursor"].take();
    }
    Err(format!("unit {unit} has more than {STEPS_MAX} steps").into())
}

/// Has the archive finished, in as many invocations as it takes.
fn package_archive(
    package: &mut Function,
    input: &Value,
    units: &[String],
    collected: &[Value],
) -> Outcome<Value> {
    let mut input = input.clone();
    (input["units"], input["collected"]) = (json!(units), json!(collected));
    for invocation in 0..STEPS_MAX {
        input["again"] = json!(invocation > 0);
        let mut packaged = package.call(&input)?;
        if packaged["done"] == true {
            return Ok(packaged["archive"].take());
        }
    }
    Err(format!("the archive was not finished in {STEPS_MAX} invocations").into())
}
