//! Of two pieces of news the later counts, in whatever order they come.

use habeas_domain::{Directory, Role};
use habeas_local_table::LocalTable;
use habeas_testkit::{account, address, at, member};

const NOON: &str = "2026-01-05T12:00:00Z";
const LATER: &str = "2026-01-05T12:00:01Z";

#[tokio::test]
async fn late_and_repeated_news_change_nothing() {
    let table = LocalTable::new().table();
    let (admin, plain) = (
        member("amber", "bob@amber.example", Role::Admin),
        member("amber", "bob@amber.example", Role::Member),
    );
    assert!(table.upsert_member(&plain, at(LATER)).await.unwrap());
    assert!(!table.upsert_member(&admin, at(NOON)).await.unwrap());
    assert_eq!(table.member(&plain.email).await.unwrap(), Some(plain.clone()));
    assert!(table.remove_member(&plain.email, at(LATER)).await.unwrap());
    assert!(!table.upsert_member(&plain, at(NOON)).await.unwrap());
    assert_eq!(table.member(&plain.email).await.unwrap(), None);
}

#[tokio::test]
async fn of_one_second_the_last_to_come_counts_and_nobody_removed_comes_back() {
    let table = LocalTable::new().table();
    let (admin, plain) = (
        member("amber", "bob@amber.example", Role::Admin),
        member("amber", "bob@amber.example", Role::Member),
    );
    for news in [&admin, &plain] {
        assert!(table.upsert_member(news, at(NOON)).await.unwrap());
    }
    assert_eq!(table.member(&plain.email).await.unwrap(), Some(plain.clone()));
    assert!(table.remove_member(&plain.email, at(NOON)).await.unwrap());
    assert!(!table.upsert_member(&admin, at(NOON)).await.unwrap());
    assert_eq!(table.member(&plain.email).await.unwrap(), None);
    assert!(table.upsert_member(&plain, at(LATER)).await.unwrap(), "they can come back later");
}

#[tokio::test]
async fn an_import_leaves_what_is_known_as_of_its_time() {
    let table = LocalTable::new().table();
    let (admin, plain) = (
        member("amber", "bob@amber.example", Role::Admin),
        member("amber", "bob@amber.example", Role::Member),
    );
    assert!(table.import_member(&plain, at(NOON)).await.unwrap());
    assert!(!table.import_member(&admin, at(NOON)).await.unwrap());
    assert_eq!(table.member(&plain.email).await.unwrap(), Some(plain));
}

#[tokio::test]
async fn an_accounts_owners_and_admins_are_found_as_long_as_they_are() {
    let table = LocalTable::new().table();
    for (email, role) in
        [("ana", Role::Owner), ("ben", Role::Admin), ("cem", Role::Member), ("dan", Role::Admin)]
    {
        let email = format!("{email}@amber.example");
        table.upsert_member(&member("amber", &email, role), at(NOON)).await.unwrap();
    }
    table.upsert_member(&member("birch", "eve@birch.example", Role::Owner), at(NOON)).await.unwrap();
    table.upsert_member(&member("amber", "ben@amber.example", Role::Member), at(LATER)).await.unwrap();
    table.remove_member(&address("dan@amber.example"), at(LATER)).await.unwrap();
    assert_eq!(table.administrators(&account("amber").id).await.unwrap(), [address("ana@amber.example")]);
}
