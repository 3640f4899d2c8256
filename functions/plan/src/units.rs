use habeas_domain::{Kind, Request};
use habeas_sources::{Address, DataMap, Part, Source};
use habeas_work::{Unit, UnitTask};

/// The workflow has no more units at work at once, so more would only be more
/// state transitions.
const LANES_MAX: usize = 40;

/// Sources that one person's task has together: files and records are erased in
/// the order of what leads to what, so they are one unit's work.
#[derive(Debug)]
struct Family<'m> {
    sources: Vec<&'m Source>,
    /// How many units share it; all people's units where there is no limit.
    lanes: Option<usize>,
}

/// Cuts a request. A small one stays a handful of state transitions: a person's
/// sources share a unit. What the map reads in parts, or lets be read by a few
/// at a time only, has units of its own, as many as may be at work.
pub(crate) fn cut(map: &DataMap, request: &Request) -> Vec<Unit> {
    let whole;
    let map = match request.follows {
        Some(_) => {
            whole = in_one_part(map);
            &whole
        }
        None => map,
    };
    let mut units = Numbered::default();
    units.add_all(&families(map, request), request.subjects.len());
    units.0
}

/// A follow-up is about what is listed already, which lies in no part of a table.
fn in_one_part(map: &DataMap) -> DataMap {
    let mut whole = map.clone();
    whole.sources.iter_mut().for_each(|source| source.scan_parts = 1);
    whole
}

/// Units, named by their position: no name is the beginning of another.
#[derive(Debug, Default)]
struct Numbered(Vec<Unit>);

impl Numbered {
    /// People's own units, and then those that families share.
    fn add_all(&mut self, families: &[Family<'_>], people: usize) {
        for subject in 0..people {
            let own = families.iter().filter(|family| family.lanes.is_none());
            self.add(own.flat_map(|family| family.tasks(subject)).collect());
        }
        for family in families.iter().filter(|family| family.lanes.is_some()) {
            family.lanes_of(people).into_iter().for_each(|tasks| self.add(tasks));
        }
    }

    fn add(&mut self, tasks: Vec<UnitTask>) {
        if !tasks.is_empty() {
            self.0.push(Unit { unit: format!("{:04}", self.0.len() + 1), tasks });
        }
    }
}

impl Family<'_> {
    /// What there is to do for one person.
    fn tasks(&self, subject: usize) -> Vec<UnitTask> {
        self.sources.iter().flat_map(|source| parts(source, subject)).collect()
    }

    /// All people's tasks, dealt out to as many units as may be at work. What one
    /// person has of several sources stays together.
    fn lanes_of(&self, people: usize) -> Vec<Vec<UnitTask>> {
        let lanes = self.lanes.unwrap_or(1);
        let mut dealt: Vec<Vec<UnitTask>> = vec![Vec::new(); lanes];
        let mut hands = (0..people).flat_map(|subject| match self.sources.as_slice() {
            [alone] => parts(alone, subject).into_iter().map(|task| vec![task]).collect(),
            _ => vec![self.tasks(subject)],
        });
        for lane in (0..lanes).cycle() {
            let Some(hand) = hands.next() else { break };
            dealt[lane].extend(hand);
        }
        dealt
    }
}

fn parts(source: &Source, subject: usize) -> Vec<UnitTask> {
    let task = |part| UnitTask { subject, source: source.name.clone(), part };
    match source.scan_parts {
        1 => vec![task(None)],
        of => (0..of).map(|number| task(Some(Part { number, of }))).collect(),
    }
}

/// The request's sources, those together that hang together: by what leads to
/// what, or by being one table. Families stand in the order of their first.
fn families<'m>(map: &'m DataMap, request: &Request) -> Vec<Family<'m>> {
    let mut families: Vec<Vec<&Source>> = Vec::new();
    for source in map.of_types(&request.data_types) {
        let (kin, others): (Vec<_>, Vec<_>) =
            families.into_iter().partition(|family| family.iter().any(|other| are_kin(source, other)));
        let joined = kin.into_iter().flatten().chain([source]).collect();
        families = others;
        families.push(joined);
    }
    let place = |source: &Source| map.sources().position(|other| other.name == source.name);
    for family in &mut families {
        family.sort_by_key(|source| place(source));
    }
    families.sort_by_key(|family| family.first().and_then(|source| place(source)));
    let people = request.subjects.len();
    let lanes = |sources: &[&Source]| match request.kind {
        // All files go before all records then, whosever they are.
        Kind::Delete if one_may_take_anothers_lead(sources) => Some(1),
        Kind::Delete | Kind::Export => lanes(sources, people),
    };
    families.into_iter().map(|sources| Family { lanes: lanes(&sources), sources }).collect()
}

/// Whether a record that leads to somebody's file may be somebody else's as well,
/// by another source on the same table: who erased it first would take the other's
/// way to the file.
fn one_may_take_anothers_lead(sources: &[&Source]) -> bool {
    let leads = |parent: &Source| {
        let is_file_of = |file: &&Source| file.parent() == Some(&parent.name);
        sources.iter().any(|source| matches!(source.address, Address::S3(_)) && is_file_of(source))
    };
    let has_twin = |parent: &Source| {
        sources.iter().any(|other| other.name != parent.name && is_same_table(parent, other))
    };
    sources.iter().any(|parent| leads(parent) && has_twin(parent))
}

fn are_kin(one: &Source, other: &Source) -> bool {
    let leads = |from: &Source, to: &Source| to.parent() == Some(&from.name);
    leads(one, other) || leads(other, one) || is_same_table(one, other)
}

fn is_same_table(one: &Source, other: &Source) -> bool {
    match (&one.address, &other.address) {
        (Address::DynamoDb(one), Address::DynamoDb(other)) => one.table == other.table,
        _ => false,
    }
}

/// How many units read a family, where it is not people's own: a table that is
/// read in parts has more of them, and a limit that people's own would exceed fewer.
fn lanes(sources: &[&Source], people: usize) -> Option<usize> {
    let limits = sources.iter().filter_map(|source| source.pace.at_a_time);
    let limit = limits.min().map(|limit| usize::try_from(limit).unwrap_or(LANES_MAX));
    let parts = sources.iter().map(|source| usize::try_from(source.scan_parts).unwrap_or(LANES_MAX)).max();
    let parts = parts.filter(|parts| *parts > 1).map(|parts| parts.min(LANES_MAX));
    match (limit, parts) {
        (limit, Some(parts)) => Some(limit.map_or(parts, |limit| limit.min(parts))),
        (limit, None) => limit.filter(|limit| *limit < people),
    }
}

#[cfg(test)]
mod tests {
    use habeas_domain::DataType;
    use habeas_testkit::{address, request};

    use super::*;

    const MAP: &str = r#"
        version = 1
        [[source]]
        name = "boards"
        data_type = "meetings"
        account_field = "account_id"
        dynamodb = { table = "boards", key = ["id"] }
        find = [{ subject_field = "owner", index = "by-owner" }]
        erase = { rule = "delete" }
        [[source]]
        name = "files"
        data_type = "meetings"
        at_a_time = 2
        s3 = { bucket = "files" }
        find = [{ through = "boards", field = "file" }]
        erase = { rule = "delete" }
        [[source]]
        name = "notes"
        data_type = "meetings"
        account_field = "account_id"
        allow_scan = true
        scan_parts = 3
        dynamodb = { table = "notes", key = ["id"] }
        find = [{ subject_field = "author" }]
        erase = { rule = "delete" }
        [[source]]
        name = "polls"
        data_type = "meetings"
        account_field = "account_id"
        dynamodb = { table = "polls", key = ["email"] }
        find = [{ subject_field = "email" }]
        erase = { rule = "delete" }
        [[source]]
        name = "messages"
        data_type = "chat"
        account_field = "account_id"
        dynamodb = { table = "messages", key = ["email"] }
        find = [{ subject_field = "email" }]
        erase = { rule = "delete" }
    "#;

    fn cut_for(people: &[&str], data_types: &[DataType]) -> Vec<Unit> {
        let map = DataMap::parse(MAP, "123456789012", "us-east-1").unwrap();
        let request = Request {
            subjects: people.iter().copied().map(address).collect(),
            data_types: data_types.to_vec(),
            ..request()
        };
        cut(&map, &request)
    }

    /// What a unit does, as "person source part".
    fn tasks(unit: &Unit) -> Vec<String> {
        let told = |task: &UnitTask| match task.part {
            None => format!("{} {}", task.subject, task.source),
            Some(part) => format!("{} {} {}/{}", task.subject, task.source, part.number, part.of),
        };
        unit.tasks.iter().map(told).collect()
    }

    #[test]
    fn a_person_has_a_unit_and_what_is_limited_or_in_parts_has_its_own() {
        let units =
            cut_for(&["ana@amber.example", "bob@amber.example", "cy@amber.example"], &[DataType::Meetings]);
        let names: Vec<_> = units.iter().map(|unit| unit.unit.as_str()).collect();
        assert_eq!(names, ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008"]);
        let told: Vec<_> = units.iter().map(tasks).collect();
        assert_eq!(told[..3], [["0 polls"], ["1 polls"], ["2 polls"]]);
        assert_eq!(told[3], ["0 boards", "0 files", "2 boards", "2 files"]);
        assert_eq!(told[4], ["1 boards", "1 files"]);
        assert_eq!(told[5], ["0 notes 0/3", "1 notes 0/3", "2 notes 0/3"]);
    }

    #[test]
    fn a_request_without_such_sources_is_a_unit_for_each_person() {
        let units = cut_for(&["ana@amber.example", "bob@amber.example"], &[DataType::Chat]);
        assert_eq!(units.iter().map(tasks).collect::<Vec<_>>(), [["0 messages"], ["1 messages"]]);
    }

    #[test]
    fn a_limit_that_is_kept_anyway_makes_no_unit() {
        let units = cut_for(&["ana@amber.example", "bob@amber.example"], &[DataType::Meetings]);
        assert_eq!(tasks(&units[0]), ["0 boards", "0 files", "0 polls"]);
    }

    #[test]
    fn a_deletion_takes_everybody_together_where_one_may_take_the_lead_to_anothers_file() {
        let shared = r#"
            [[source]]
            name = "shared_boards"
            data_type = "meetings"
            account_field = "account_id"
            dynamodb = { table = "boards", key = ["id"] }
            find = [{ subject_field = "editor", index = "by-editor" }]
            erase = { rule = "delete" }
        "#;
        let map = DataMap::parse(&format!("{MAP}{shared}"), "123456789012", "us-east-1").unwrap();
        let subjects = vec![address("ana@amber.example"), address("bob@amber.example")];
        let request = Request { subjects, data_types: vec![DataType::Meetings], ..request() };
        let with_files = |kind| {
            let units = cut(&map, &Request { kind, ..request.clone() });
            units.iter().filter(|unit| tasks(unit).iter().any(|task| task.contains("files"))).count()
        };
        assert_eq!((with_files(Kind::Export), with_files(Kind::Delete)), (2, 1));
    }

    #[test]
    fn a_follow_up_takes_every_source_whole() {
        let map = DataMap::parse(MAP, "123456789012", "us-east-1").unwrap();
        let (data_types, follows) = (vec![DataType::Meetings], Some(request().id));
        let subjects = vec![address("ana@amber.example")];
        let follow_up = Request { subjects, data_types, follows, ..request() };
        let told: Vec<_> = cut(&map, &follow_up).iter().flat_map(tasks).collect();
        assert_eq!(told, ["0 boards", "0 files", "0 notes", "0 polls"]);
    }

    #[test]
    fn every_source_is_some_units_once_for_every_person_and_part() {
        let units =
            cut_for(&["ana@amber.example", "bob@amber.example"], &[DataType::Meetings, DataType::Chat]);
        let mut all: Vec<_> = units.iter().flat_map(tasks).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        // Four sources read whole and one in three parts, for two people.
        assert_eq!((all.len(), count), (14, 14));
    }
}
