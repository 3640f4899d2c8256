use super::*;

const MAP: &str = r#"
    version = 1
    [[identity]]
    id = "user_id"
    account_field = "account_id"
    dynamodb = { table = "users", key = ["email"] }
    find_field = "email"
    id_field = "user_id"
    [[identity]]
    id = "device_id"
    from = "user_id"
    account_field = "account_id"
    dynamodb = { table = "devices", key = ["device_id"] }
    find_field = "owner"
    index = "by-owner"
    id_field = "device_id"
    [[source]]
    name = "boards"
    data_type = "whiteboards"
    account_field = "account_id"
    dynamodb = { table = "boards", key = ["id"] }
    find = [{ subject_field = "owner", index = "by-owner" }]
    erase = { rule = "mask", remove = ["owner"] }
    [[source]]
    name = "files"
    data_type = "whiteboards"
    s3 = { bucket = "files" }
    find = [{ through = "boards", field = "file" }]
    erase = { rule = "delete" }
    [[source]]
    name = "notes"
    data_type = "whiteboards"
    account_field = "account_id"
    allow_scan = true
    dynamodb = { table = "notes", key = ["id"] }
    find = [{ subject_field = "author" }, { through = "boards", field = "id" }]
    erase = { rule = "retain", reason = "§ 147 AO" }
    [[source]]
    name = "surveys"
    data_type = "meetings"
    account_field = "account_id"
    lambda = { function = "surveys", key = ["answer_id"] }
    find = [{ subject_field = "email" }]
    erase = { rule = "delete" }
    [[source]]
    name = "pictures"
    data_type = "meetings"
    s3 = { bucket = "pictures", versions = true, tags = true }
    find = [{ prefix = "pictures/{account}/{user_id}/" }]
    erase = { rule = "delete" }
"#;

/// What a function may do, as "action place".
fn allowed(access: Access) -> Vec<String> {
    allowed_by(MAP, access)
}

fn allowed_by(map: &str, access: Access) -> Vec<String> {
    let map = DataMap::parse(map, "123456789012", "eu-central-1").unwrap();
    let mut allowed = Vec::new();
    for statement in policy(&map, access) {
        for resource in &statement.resources {
            let arn = resource.arn("aws", "eu-central-1", "123456789012");
            let place = arn.rsplit(':').next().unwrap();
            allowed.extend(statement.actions.iter().map(|action| format!("{action} {place}")));
        }
    }
    allowed.sort();
    allowed
}

#[test]
fn each_function_may_do_what_the_map_has_it_do_and_no_more() {
    assert_eq!(allowed(Access::Intake), ["dynamodb:Query table/boards/index/by-owner"]);
    assert_eq!(
        allowed(Access::Preview),
        [
            "dynamodb:Query table/boards/index/by-owner",
            "dynamodb:Query table/devices/index/by-owner",
            "dynamodb:Query table/notes",
            "dynamodb:Query table/users",
            "dynamodb:Scan table/notes",
            "lambda:InvokeFunction surveys",
            "s3:ListBucketVersions pictures",
        ]
    );
    assert_eq!(
        allowed(Access::Plan),
        ["dynamodb:Query table/devices/index/by-owner", "dynamodb:Query table/users"]
    );
    assert_eq!(
        allowed(Access::Collect),
        [
            "dynamodb:Query table/boards/index/by-owner",
            "dynamodb:Query table/notes",
            "dynamodb:Scan table/notes",
            "lambda:InvokeFunction surveys",
            "s3:GetObject files/*",
            "s3:GetObject pictures/*",
            "s3:GetObjectVersion pictures/*",
            "s3:GetObjectVersionTagging pictures/*",
            "s3:ListBucket files",
            "s3:ListBucket pictures",
            "s3:ListBucketVersions pictures",
        ]
    );
    assert_eq!(
        allowed(Access::Erase),
        [
            "dynamodb:GetItem table/boards",
            "dynamodb:UpdateItem table/boards",
            "lambda:InvokeFunction surveys",
            "s3:DeleteObject files/*",
            "s3:DeleteObject pictures/*",
            "s3:DeleteObjectVersion files/*",
            "s3:DeleteObjectVersion pictures/*",
            "s3:ListBucketVersions files",
            "s3:ListBucketVersions pictures",
        ]
    );
    assert_eq!(
        allowed(Access::Verify),
        [
            "dynamodb:GetItem table/boards",
            "dynamodb:Query table/boards/index/by-owner",
            "lambda:InvokeFunction surveys",
            "s3:ListBucketVersions files",
            "s3:ListBucketVersions pictures",
        ]
    );
}

#[test]
fn who_needs_no_versions_or_tags_may_not_read_them() {
    let of_pictures = |options: &str| {
        let map = MAP.replacen(", versions = true, tags = true", options, 1);
        let mut allowed = allowed_by(&map, Access::Collect);
        allowed.retain(|what| what.starts_with("s3:GetObject") && what.ends_with(" pictures/*"));
        allowed
    };
    let (object, version) = ("s3:GetObject pictures/*", "s3:GetObjectVersion pictures/*");
    assert_eq!(of_pictures(""), [object]);
    assert_eq!(of_pictures(", tags = true"), [object, "s3:GetObjectTagging pictures/*"]);
    assert_eq!(of_pictures(", versions = true"), [object, version]);
}

#[test]
fn masking_reads_where_it_needs_to_and_deletes_where_nobody_else_has_a_part() {
    let may = |rule: &str| {
        let map = MAP.replacen("{ rule = \"mask\", remove = [\"owner\"] }", rule, 1);
        let mut allowed = allowed_by(&map, Access::Erase);
        // Files ask it whose they are in any case.
        allowed.retain(|what| what.ends_with("Item table/boards"));
        allowed
    };
    let (delete, get) = ("dynamodb:DeleteItem table/boards", "dynamodb:GetItem table/boards");
    let update = "dynamodb:UpdateItem table/boards";
    let keep = "{ rule = \"mask\", fields = { owner = \"pseudonym\" } }";
    let shared = "{ rule = \"anonymise_shared\", shared_with = \"notes\", remove = [\"owner\"] }";
    assert_eq!(may(keep), [get, update]);
    assert_eq!(may(shared), [delete, get, update]);
}

#[test]
fn whoever_lists_what_is_shared_may_ask_with_whom() {
    let map = include_str!("../../../tests/everything.toml");
    let collect = allowed_by(map, Access::Collect);
    assert!(collect.contains(&"dynamodb:Query table/app-guests".to_owned()), "{collect:?}");
    let of_erase = allowed_by(map, Access::Erase);
    let of = |place: &str| of_erase.iter().filter(|what| what.ends_with(place)).count();
    assert_eq!(of("table/app-rooms"), 3, "{of_erase:?}");
    assert_eq!(of("table/app-guests"), 2, "{of_erase:?}");
}

#[test]
fn a_function_that_keeps_what_it_has_is_asked_by_preview_and_collect_alone() {
    let retain = "erase = { rule = \"retain\", reason = \"§ 147 AO\" }";
    let find = "find = [{ subject_field = \"email\" }]\n    erase = { rule = \"delete\" }";
    assert!(MAP.contains(find));
    let map = MAP.replacen(find, &format!("find = [{{ subject_field = \"email\" }}]\n{retain}"), 1);
    let call = "lambda:InvokeFunction surveys".to_owned();
    let callers = Access::ALL.into_iter().filter(|access| allowed_by(&map, *access).contains(&call));
    assert_eq!(callers.collect::<Vec<_>>(), [Access::Preview, Access::Collect]);
}
