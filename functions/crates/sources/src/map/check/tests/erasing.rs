use super::assert_told;

#[test]
fn a_mask_says_of_each_field_once_what_becomes_of_it() {
    let browser = "browser = \"null\"";
    let phone = "{ truncate = 4 }";
    let title = "{ constant = \"A question\" }";
    let all = "remove = [\"who\"], fields = { comment = { constant = \"gone\" }, score = \"null\" }";
    assert_told(&[
        (browser, "browser = \"hide\"", "expected \"null\", \"pseudonym\", found \"hide\"", "\"hide\""),
        (browser, "browser = 7", "or { truncate = … }", "7"),
        (browser, "author = \"null\"", "`author` is named twice", "\"null\""),
        ("\"signature\"]", "\"author\"]", "`author` is named twice", "\"author\"]"),
        ("\"signature\"]", "7]", "expected a text, found an integer", "7]"),
        (phone, "{ truncate = 0 }", "expected a whole number from 1 to 100", "0 }"),
        (phone, "{ truncate = 101 }", "expected a whole number from 1 to 100", "101"),
        (phone, "{ cut = 4 }", "or { truncate = … }", "{ cut"),
        (phone, "{ truncate = 4, constant = \"x\" }", "or { truncate = … }", "{ truncate"),
        (phone, "{ truncate = 4, from = 1 }", "how a field is masked has no field `from`", "from"),
        (title, "{ constant = \"\" }", "not empty", "\"\""),
        (title, "{ constant = 7 }", "expected a text, found an integer", "7"),
        (all, "fields = [\"who\"]", "expected `fields`, which is a table", "[\"who\"]"),
        (all, "remove = [], fields = {}", "at least one field is named", "{ rule"),
        (all, "remove = [\"who\"], shared_with = \"guests\"", "has no field `shared_with`", "shared_with"),
    ]);
}

#[test]
fn what_a_record_is_read_and_found_by_is_not_masked() {
    let title = "title = {";
    assert_told(&[
        (title, "ticket_id = {", "`ticket_id` is part of the key and cannot be masked", "{ constant"),
        (title, "account_id = {", "`account_id` cannot be masked: the record could", "{ constant"),
        ("score = \"null\"", "answered_at = \"null\"", "`answered_at` cannot be masked", "\"null\""),
        ("owner = { constant", "room_id = { constant", "`room_id` is part of the key", "{ constant"),
    ]);
}

#[test]
fn whose_a_record_was_is_not_to_be_seen_from_what_is_left() {
    let owner = "owner = { constant = \"nobody\" }";
    let who = "remove = [\"who\"], fields = { comment = { constant = \"gone\" }, score = \"null\" }";
    assert_told(&[
        (owner, "name = \"null\"", "the mask must name `owner`, or the records would", "{ rule"),
        (owner, "owner = \"null\"", "`owner` is the key of an index, which takes no NULL", "\"null\""),
        (owner, "owner = { truncate = 3 }", "of a short id all stays", "{ truncate"),
        (who, "fields = { who = \"null\" }", "`who` says whose the record is", "\"null\""),
        (who, "fields = { who = { truncate = 3 } }", "of a short id all stays", "{ truncate"),
    ]);
}

#[test]
fn a_function_masks_in_the_words_of_its_contract() {
    let score = "score = \"null\"";
    let mask = "rule = \"mask\", remove = [\"who\"], fields";
    let shared = "rule = \"anonymise_shared\", shared_with = \"guests\", remove = [\"who\"], fields";
    assert_told(&[
        (score, "score = \"pseudonym\"", "a function removes fields, or puts null", "\"pseudonym\""),
        (score, "score = { truncate = 1 }", "and not a part of the text", "{ truncate"),
        (mask, shared, "nothing tells who else has a part", "{ rule"),
    ]);
}

#[test]
fn an_object_belongs_to_nobody_else() {
    let delete = "{user_id}/\" }]\nerase = { rule = \"delete\" }";
    let shared = "{user_id}/\" }]\nerase = { rule = \"anonymise_shared\", shared_with = \"guests\", \
                  remove = [\"name\"] }";
    assert_told(&[(delete, shared, "an object cannot be masked", "{ rule")]);
}

#[test]
fn who_has_a_part_another_table_says_that_is_led_to() {
    let with = "shared_with = \"guests\"";
    let guest = "{ subject_field = \"guest\", id = \"user_id\", index = \"by-guest\" },";
    let through = "    { through = \"rooms\", field = \"room_id\" },\n";
    let of_guests = "name = \"guests\"\ndata_type = \"meetings\"";
    assert_told(&[
        (with, "shared_with = \"guest\"", "there is no source `guest` that could say", "\"guest\""),
        (with, "shared_with = 7", "expected a text, found an integer", "7"),
        (with, "shared_with = \"survey_answers\"", "`survey_answers` is no table", "\"survey_answers\""),
        (with, "shared_with = \"calls\"", "`calls` is not found `through` `rooms`", "\"calls\""),
        (with, "shared_with = \"rooms\"", "`rooms` is not found `through` `rooms`", "\"rooms\""),
        (through, "", "`guests` is not found `through` `rooms`", "\"guests\""),
        (guest, "", "`guests` has no `subject_field`", "\"guests\""),
        (of_guests, "name = \"guests\"\ndata_type = \"chat\"", "of another data type", "\"guests\""),
    ]);
}
