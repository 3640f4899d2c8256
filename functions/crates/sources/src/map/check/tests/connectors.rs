use super::{assert_told, parse};

#[test]
fn an_identity_says_what_follows_from_what() {
    let user_id = "id = \"user_id\"\n";
    let circle = "id = \"user_id\"\nfrom = \"device_id\"\n";
    assert_told(&[
        (user_id, "", "an identity needs `id`: what the id is called", "[[identity]]"),
        (user_id, "id = 7\n", "expected a text, found an integer", "7"),
        (user_id, "id = \"User\"\n", "consists of a-z, 0-9 and _", "\"User\""),
        (user_id, "id = \"account\"\n", "is not `account`", "\"account\""),
        ("from = \"user_id\"", "form = \"user_id\"", "an identity has no field `form`", "form"),
        ("from = \"user_id\"", "from = \"badge\"", "nothing leads from `email` to `badge`", "\"badge\""),
        (user_id, circle, "nothing leads from `email` to `device_id`", "\"device_id\""),
        (user_id, circle, "nothing leads from `email` to `user_id`", "\"user_id\""),
        ("account_field = \"tenant\"\n", "", "an identity needs `account_field`", "[[identity]]"),
        ("find_field = \"owner\"\n", "", "an identity needs `find_field`", "[[identity]]"),
        ("id_field = \"serial\"\n", "", "an identity needs `id_field`", "[[identity]]"),
        ("id_field = \"serial\"", "id_field = \"\"", "not empty", "\"\""),
        ("dynamodb = {", "# dynamodb = {", "an identity needs `dynamodb`", "[[identity]]"),
        ("table = \"app-users\", ", "", "`dynamodb` needs `table`", "{ key"),
        ("app-devices-${region}", "app-devices-${place}", "only `${account}` and", "\"app-devices-${place}"),
        ("key = [\"tenant\", \"serial\"]", "key = []", "`key` names the partition key", "{ table"),
        ("\"tenant\", \"serial\"]", "\"tenant\", \"serial\", \"at\"]", "`key` names the", "{ table"),
        ("index = \"by-owner\"", "index = \"by owner\"", "a name of 3 to 255", "\"by owner\""),
        ("index = \"by-owner\"\n", "", "`owner` is not the partition key", "\"owner\""),
    ]);
}

#[test]
fn a_list_of_identities_is_a_list() {
    let found = parse("version = 1\nidentity = 7").unwrap_err();
    let told = found.iter().find(|mistake| mistake.what.contains("rules, written as [[identity]]"));
    assert_eq!(told.map(|mistake| (mistake.line, mistake.column)), Some((2, 12)), "{found:?}");
}

#[test]
fn a_source_has_one_connector_with_what_it_needs() {
    let lambda = "lambda = { function = \"app-surveys-${region}\", key = [\"month\", \"answer_id\"] }";
    assert_told(&[
        ("lambda = {", "# lambda = {", "a source needs a connector: `dynamodb`, `s3` or", "[[source]]"),
        ("lambda = {", "s3 = { bucket = \"app-b\" }\nlambda = {", "has one connector", "{ function"),
        ("lambda = {", "dynamodb = { table = \"app\" }\nlambda = {", "has one connector", "{ function"),
        ("versions = true", "versions = \"all\"", "expected true or false, found a string", "\"all\""),
        ("tags = true", "tags = 1", "expected true or false, found an integer", "1"),
        ("versions = true", "version = true", "`s3` has no field `version`", "version"),
        (lambda, "lambda = \"app-surveys\"", "expected `lambda`, which is a table", "\"app-surveys\""),
        ("{ function = \"app-surveys-${region}\", ", "{ ", "`lambda` needs `function`", "{ key"),
        (", key = [\"month\", \"answer_id\"]", "", "`lambda` needs `key`", "{ function"),
        ("{ function", "{ arn = \"a\", function", "`lambda` has no field `arn`", "arn"),
        ("app-surveys-${region}", "app surveys", "a function's name of at most 64", "\"app surveys\""),
        ("app-surveys-${region}", "app-surveys-${zone}", "only `${account}` and", "\"app-surveys-${zone}"),
        ("key = [\"month\", \"answer_id\"]", "key = []", "each once", "{ function"),
        ("key = [\"month\", \"answer_id\"]", "key = [\"month\", \"month\"]", "each once", "{ function"),
    ]);
    let long = format!("lambda = {{ function = \"{}\", key = [\"id\"] }}", "f".repeat(65));
    assert_told(&[(lambda, long.as_str(), "a function's name of at most 64", "\"fff")]);
}

#[test]
fn a_source_says_how_hard_it_may_be_worked() {
    let by_index = "index = \"by-author\" }]";
    let in_parts = "index = \"by-author\" }]\nscan_parts = 2";
    assert_told(&[
        ("scan_parts = 8", "scan_parts = 0", "expected a whole number from 1 to 100", "0"),
        ("scan_parts = 8", "scan_parts = 101", "expected a whole number from 1 to 100", "101"),
        ("scan_parts = 8", "scan_parts = \"8\"", "expected a whole number from 1 to 100", "\"8\""),
        ("answer_within_seconds = 90", "answer_within_seconds = 0", "from 1 to 600", "0"),
        ("answer_within_seconds = 90", "answer_within_seconds = 601", "from 1 to 600", "601"),
        ("answer_within_seconds = 90", "answer_within_seconds = 1.5", "from 1 to 600", "1.5"),
        ("at_a_time = 4", "at_a_time = 41", "expected a whole number from 1 to 40", "41"),
        ("at_a_time = 4", "at_a_time = -1", "expected a whole number from 1 to 40", "-1"),
        (by_index, in_parts, "nothing here reads a whole table: leave `scan_parts` out", "2"),
    ]);
}

#[test]
fn a_rule_finds_in_one_way_that_its_store_has() {
    let who = "{ subject_field = \"who\", id = \"email\" }";
    let by_index = "{ subject_field = \"who\", index = \"by-who\" }";
    let author = "{ subject_field = \"author\"";
    let and_prefix = "{ prefix = \"{user_id}/\" }, { subject_field = \"author\"";
    let through = "{ through = \"tickets\", field = \"attachment\" }";
    let field = "{ subject_field = \"key\" }";
    let parent = "through = \"tickets\"";
    let two = "{ prefix = \"{account}/{user_id}/\" }, { prefix =";
    assert_told(&[
        ("{ prefix =", "{ prefixes =", "or `through` and `field`, or `prefix`", "{ prefixes"),
        ("{ prefix =", "{ subject_field = \"key\", prefix =", "or `prefix`", "{ subject_field"),
        ("{ prefix =", "{ id = \"user_id\", prefix =", "a rule by `prefix` has no field `id`", "id"),
        ("{ through =", "{ id = \"user_id\", through =", "a rule by `through` has no field `id`", "id"),
        ("id = \"device_id\" }", "id = 7 }", "expected a text, found an integer", "7"),
        ("id = \"device_id\" }", "id = \"badge\" }", "nothing leads to `badge`", "{ subject_field"),
        ("{account}/{user_id}/", "{account}/{badge}/", "nothing leads to `badge`", "{ prefix"),
        (who, by_index, "a function has no index", "{ subject_field"),
        (who, "{ through = \"tickets\", field = \"who\" }", "and not `through` a source", "{ through"),
        (who, "{ prefix = \"a/{account}/{user_id}/\" }", "and so needs `s3`", "{ prefix"),
        (author, and_prefix, "`prefix` finds objects, and so needs `s3`", "{ prefix"),
        (through, field, "objects are found by `prefix`, or `through`", "{ subject_field"),
        (parent, "through = \"backgrounds\"", "`backgrounds` has no records", "{ through"),
        (parent, "through = \"survey_answers\"", "`survey_answers` has no records", "{ through"),
        ("{ prefix =", two, "objects are found by one rule", "\"backgrounds\""),
        ("tags = true", "versions = true", "`versions` are of objects that are found", "{ bucket"),
    ]);
}

#[test]
fn a_prefix_leads_to_one_person_of_one_account() {
    let prefix = "backgrounds/{account}/{user_id}/";
    let place = "\"backgrounds/";
    assert_told(&[
        (prefix, "backgrounds/", "a prefix has an id of the person", place),
        (prefix, "backgrounds/{account}/{user_id}", "stands behind every placeholder", place),
        (prefix, "backgrounds/{account}/{user_id}-x/", "stands behind every placeholder", place),
        (prefix, "backgrounds/{account}/{user_id}/x", "a prefix ends with `/`", place),
        (prefix, "backgrounds/{user_id}/{device_id}/", "one id is the most", place),
        (prefix, "backgrounds/{account}/{user_id", "a `{` without its `}`", place),
        (prefix, "backgrounds/account}/{user_id}/", "a `}` without its `{`", place),
        (prefix, "backgrounds/{email}/", "a prefix has `{account}`", "{ prefix"),
        (prefix, "backgrounds/{user_id}/", "a prefix has `{account}`", "{ prefix"),
        ("prefix = \"backgrounds/{account}/{user_id}/\"", "prefix = 7", "expected a text", "7"),
    ]);
}

#[test]
fn a_function_is_held_to_what_records_are() {
    let of_account = "account_field = \"account_id\"\ntime_field = \"answered_at\"";
    let remove = "remove = [\"who\"]";
    let name = "\"survey_answers\"";
    assert_told(&[
        (of_account, "time_field = \"answered_at\"", "a source of records needs `account_field`", name),
        ("subject_field = \"who\"", "subject_field = \"account_id\"", "are the same field", name),
        ("mentions = {", "allow_scan = true\nmentions = {", "a function is never read whole", "true"),
        ("mentions = {", "others = {", "`others` is for records found `through`", "{ interviewer"),
        ("mentions = { interviewer", "mentions = { who", "the person's own address", "{ who"),
        (remove, "remove = [\"note\"]", "the mask must name `who`", "{ rule"),
        (remove, "remove = [\"who\", \"answer_id\"]", "`answer_id` is part of the key", "\"answer_id\""),
        (remove, "remove = [\"who\", \"answered_at\"]", "`answered_at` cannot be masked", "\"answered_at\""),
    ]);
}

#[test]
fn an_object_is_no_record() {
    let s3 = "s3 = { bucket = \"app-files-${account}\"";
    for (line, what, at) in [
        ("time_field = \"at\"", "or else its key and its last change count", "\"backgrounds\""),
        ("account_field = \"account_id\"", "an object has no fields: `account_field`", "\"backgrounds\""),
        ("allow_scan = true", "a bucket is never read whole", "true"),
        ("others = { name = \"keep\" }", "an object has no fields about other people", "{ name"),
        ("mentions = { name = \"keep\" }", "an object has no fields about other people", "{ name"),
    ] {
        assert_told(&[(s3, format!("{line}\n{s3}").as_str(), what, at)]);
    }
    let delete = "{user_id}/\" }]\nerase = { rule = \"delete\" }";
    let mask = "{user_id}/\" }]\nerase = { rule = \"mask\", remove = [\"name\"] }";
    assert_told(&[(delete, mask, "an object cannot be masked", "{ rule")]);
}
