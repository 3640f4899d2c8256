use std::fmt::Write;

use habeas_sources::{Access, DataMap, Statement, policy};

use crate::Outcome;

/// What stands for the account and the region in a template.
pub(super) const ACCOUNT: &str = "${AWS::AccountId}";
pub(super) const REGION: &str = "${AWS::Region}";
const PARTITION: &str = "${AWS::Partition}";

/// The comments between which the template has a function's statements.
const BEGIN: &str = "# The data map needs, by `cargo xtask data-map policy --write`, for";
const END: &str = "# End of what the data map needs.";

/// The statements of every function, for people to read.
pub(super) fn statements(map: &DataMap) -> String {
    let of = |access: Access| format!("# {}\n{}", access.function(), yaml(&policy(map, access), ""));
    Access::ALL.map(of).join("\n")
}

/// The template with the statements that the map needs.
pub(super) fn written(template: &str, map: &DataMap) -> Outcome<String> {
    let mut written = template.to_owned();
    for access in Access::ALL {
        let begin = format!("{BEGIN} {}.\n", access.function());
        let missing = || format!("the template has no line `{}`", begin.trim_end());
        let start = written.find(&begin).ok_or_else(missing)?;
        let line = written[..start].rfind('\n').map_or(0, |end| end + 1);
        let indent = written[line..start].to_owned();
        let start = start + begin.len();
        let rest = &written[start..];
        let end = rest.find(END).filter(|end| !rest[..*end].contains(BEGIN));
        let end =
            end.ok_or_else(|| format!("behind `{}` the template has no line `{END}`", begin.trim_end()))?;
        let statements = yaml(&policy(map, access), &indent);
        written.replace_range(start..start + end, &format!("{statements}{indent}"));
    }
    Ok(written)
}

fn yaml(statements: &[Statement], indent: &str) -> String {
    let mut text = String::new();
    for Statement { actions, resources } in statements {
        let actions: Vec<_> = actions.iter().map(|action| format!("\"{action}\"")).collect();
        let resources = resources.iter().map(|resource| resource.arn(PARTITION, REGION, ACCOUNT));
        let lines = ["- Effect: Allow".to_owned(), format!("  Action: [{}]", actions.join(", "))];
        let lines = lines.into_iter().chain(["  Resource:".to_owned()]);
        for line in lines.chain(resources.map(|arn| format!("    - !Sub \"{arn}\""))) {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{indent}{line}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = include_str!("../../../data-map.toml");
    const TEMPLATE: &str = include_str!("../../../template.yaml");

    fn map(text: &str) -> DataMap {
        DataMap::parse(text, ACCOUNT, REGION).unwrap()
    }

    #[test]
    fn the_template_allows_what_the_data_map_needs() {
        let written = written(TEMPLATE, &map(MAP)).unwrap();
        assert!(written == TEMPLATE, "run `cargo xtask data-map policy --write`");
    }

    #[test]
    fn another_map_changes_the_template_where_it_is_about_it() {
        let other = map(&MAP.replace("table = \"meetings-app-chat_messages\"", "table = \"chat\""));
        let changed = written(TEMPLATE, &other).unwrap();
        assert!(changed.contains("table/chat/index/by-sender\""));
        assert!(!changed.contains("table/meetings-app-chat_messages"));
        assert_eq!(written(&changed, &map(MAP)).unwrap(), TEMPLATE);
    }

    #[test]
    fn a_template_without_the_place_is_refused() {
        assert!(written("Resources: {}", &map(MAP)).unwrap_err().to_string().contains("for intake"));
    }
}
