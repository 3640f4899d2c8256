use std::ops::Range;

use super::Places;
use crate::map::reader::{Fields, Reader, Value};
use crate::map::{Address, BucketAddress, FunctionAddress, TableAddress};

/// The connector is the table that is there.
pub(super) fn read(
    fields: &mut Fields<'_, '_>,
    source: &Value<'_>,
    places: &Places<'_>,
    reader: &mut Reader<'_>,
) -> Option<(Address, Range<usize>)> {
    const CONNECTORS: &str = "`dynamodb`, `s3` or `lambda`";
    let there = ["dynamodb", "s3", "lambda"].map(|name| fields.get(name).map(|value| (name, value)));
    let mut there = there.into_iter().flatten();
    let Some((name, value)) = there.next() else {
        reader.wrong(&source.span(), format!("a source needs a connector: {CONNECTORS}"));
        return None;
    };
    if let Some((_, second)) = there.next() {
        reader.wrong(&second.span(), format!("a source has one connector: {CONNECTORS}"));
        return None;
    }
    let address = match name {
        "dynamodb" => Address::DynamoDb(table(value, places, reader)?),
        "s3" => Address::S3(bucket(value, places, reader)?),
        _ => Address::Lambda(function(value, places, reader)?),
    };
    Some((address, value.span()))
}

pub(in crate::map) fn table(
    value: &Value<'_>,
    places: &Places<'_>,
    reader: &mut Reader<'_>,
) -> Option<TableAddress> {
    let mut fields = Fields::of(value, "`dynamodb`", reader)?;
    let table = fields.required("table", "the table's name", reader);
    let table = table.and_then(|value| name_of_place(value, &TABLE_OR_INDEX, places, reader));
    let key = fields.required("key", "the names of the partition key and the sort key", reader);
    let key = key.and_then(|value| reader.texts(value));
    fields.finish(reader);
    Some(TableAddress { table: table?, key: key? })
}

fn bucket(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<BucketAddress> {
    let mut fields = Fields::of(value, "`s3`", reader)?;
    let bucket = fields.required("bucket", "the bucket's name", reader);
    let bucket = bucket.and_then(|value| name_of_place(value, &BUCKET, places, reader));
    let mut flag = |name| fields.get(name).and_then(|value| reader.flag(value)).unwrap_or(false);
    let (versions, tags) = (flag("versions"), flag("tags"));
    fields.finish(reader);
    Some(BucketAddress { bucket: bucket?, versions, tags })
}

fn function(value: &Value<'_>, places: &Places<'_>, reader: &mut Reader<'_>) -> Option<FunctionAddress> {
    let mut fields = Fields::of(value, "`lambda`", reader)?;
    let function = fields.required("function", "the function's name", reader);
    let function = function.and_then(|value| name_of_place(value, &FUNCTION, places, reader));
    let key = fields.required("key", "the fields that tell one record from another", reader);
    let key = key.and_then(|value| reader.texts(value));
    fields.finish(reader);
    Some(FunctionAddress { function: function?, key: key? })
}

/// A name that may have placeholders, with what they stand for.
fn name_of_place(
    value: &Value<'_>,
    kind: &NameKind,
    places: &Places<'_>,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let text = reader.text(value)?;
    let example = text.replace("${account}", "123456789012").replace("${region}", "eu-central-1");
    if example.contains("${") {
        reader.wrong(&value.span(), "only `${account}` and `${region}` stand for something");
        return None;
    }
    if !kind.takes(&example) {
        reader.wrong(&value.span(), kind.expected);
        return None;
    }
    Some(text.replace("${account}", places.account).replace("${region}", places.region))
}

/// What AWS takes for a name. It stands in policies, where a `*` would be
/// everything.
struct NameKind {
    bytes_min: usize,
    bytes_max: usize,
    upper_case: bool,
    others: &'static str,
    expected: &'static str,
}

const TABLE_OR_INDEX: NameKind = NameKind {
    bytes_min: 3,
    bytes_max: 255,
    upper_case: true,
    others: "_.-",
    expected: "expected a name of 3 to 255 letters, digits, `_`, `.` and `-`",
};

const BUCKET: NameKind = NameKind {
    bytes_min: 3,
    bytes_max: 63,
    upper_case: false,
    others: ".-",
    expected: "expected a name of 3 to 63 lower-case letters, digits, `.` and `-`",
};

const FUNCTION: NameKind = NameKind {
    bytes_min: 1,
    bytes_max: 64,
    upper_case: true,
    others: "_-",
    expected: "expected a function's name of at most 64 letters, digits, `_` and `-`",
};

impl NameKind {
    fn takes(&self, name: &str) -> bool {
        let fits = |c: char| match c {
            'a'..='z' | '0'..='9' => true,
            'A'..='Z' => self.upper_case,
            other => self.others.contains(other),
        };
        (self.bytes_min..=self.bytes_max).contains(&name.len()) && name.chars().all(fits)
    }
}

/// The name of an index, which knows no placeholders.
pub(in crate::map) fn index(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<String> {
    name_of_place(value, &TABLE_OR_INDEX, &Places { account: "", region: "" }, reader)
}
