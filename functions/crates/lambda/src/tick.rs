use serde::Deserialize;

/// What the schedule sends. It carries nothing, but whatever else arrives was
/// meant for another function.
#[derive(Debug, Deserialize)]
pub struct Tick {
    #[serde(rename = "detail-type")]
    _detail_type: Scheduled,
}

#[derive(Debug, Deserialize)]
enum Scheduled {
    #[serde(rename = "Scheduled Event")]
    Event,
}
