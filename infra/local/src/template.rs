use std::collections::BTreeMap;

/// The transform that turns SAM resources into plain ones.
const TRANSFORM: &str = "Transform: AWS::Serverless-2016-10-31";

/// Who may send mail as whom. The emulator looks `ses:SendEmail` up on every
/// resource and not on the identity, and would refuse it to the function.
const SES_IDENTITY: &str = ":identity/${Sender}\"";

/// A local artifact that a template names and that has to go to S3 first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Artifact {
    /// `CodeUri: ../target/lambda/<function>/`
    Function { resource: String, function: String },
    /// `CodeUri: sample-app/surveys/`: a function that is run as its files are.
    Folder { resource: String, folder: String },
    /// `DefinitionUri: ../statemachines/<file>`
    Definition { file: String },
}

/// One value of the template that a package step replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    /// The value as the template has it.
    pub(crate) value: String,
    pub(crate) artifact: Artifact,
}

/// Finds the artifacts of a template, by its lines.
///
/// The template is not parsed and printed again, because its short tags
/// (`!Ref`, `!Sub`) are not YAML's own and its comments would be lost; what is
/// sought stands on a line of its own in every template that `sam` accepts.
pub(crate) fn places(template: &str) -> Vec<Place> {
    let mut resource = String::new();
    let mut places = Vec::new();
    for (line, text) in template.lines().enumerate() {
        if let Some(name) = resource_name(text) {
            resource = name.to_owned();
        }
        let Some((key, value)) = text.trim().split_once(':') else {
            continue;
        };
        let value = unquoted(value);
        let artifact = match key {
            "CodeUri" if !value.starts_with("s3://") => Some(code_of(&resource, value)),
            "DefinitionUri" if !value.starts_with("s3://") => {
                Some(Artifact::Definition { file: value.to_owned() })
            }
            _ => None,
        };
        if let Some(artifact) = artifact {
            places.push(Place { line, value: value.to_owned(), artifact });
        }
    }
    places
}

/// The template with the values at `uris` (line to new value) replaced.
///
/// The transform is added where it is missing: the emulator then prints the
/// processed template as JSON, which the next step reads.
pub(crate) fn rewritten(template: &str, uris: &BTreeMap<usize, String>) -> String {
    let mut out = String::with_capacity(template.len() + 4096);
    if !template.lines().any(|line| line.starts_with("Transform:")) {
        out.push_str(TRANSFORM);
        out.push('\n');
    }
    for (line, text) in template.lines().enumerate() {
        match (uris.get(&line), text.split_once(':')) {
            (Some(uri), Some((key, _))) => {
                out.push_str(key);
                out.push_str(": ");
                out.push_str(uri);
            }
            _ => match text.split_once("- ") {
                Some((indent, value)) if value.ends_with(SES_IDENTITY) => {
                    out.push_str(indent);
                    out.push_str("- \"*\"");
                }
                _ => out.push_str(text),
            },
        }
        out.push('\n');
    }
    out
}

/// `  Intake:`, the only keys indented by two.
fn resource_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix("  ")?.trim_end().strip_suffix(':')?;
    name.chars().all(|c| c.is_ascii_alphanumeric()).then_some(name)
}

fn unquoted(value: &str) -> &str {
    let value = value.split(" #").next().unwrap_or_default().trim();
    value.trim_matches(['"', '\''])
}

fn code_of(resource: &str, uri: &str) -> Artifact {
    let (resource, path) = (resource.to_owned(), uri.trim_end_matches('/'));
    match path.strip_prefix("../target/lambda/") {
        Some(function) => Artifact::Function { resource, function: function.to_owned() },
        None => Artifact::Folder { resource, folder: path.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"Transform: AWS::Serverless-2016-10-31
Resources:
  Intake: 
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../target/lambda/intake/  # built by cargo lambda
      Role: !GetAtt IntakeRole.Arn
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: "../statemachines/privacy-request.asl.json"
      DefinitionSubstitutions: {Table: !Ref Table}
  Surveys:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: sample-app/surveys/
"#;

    #[test]
    fn functions_and_definitions_are_found_with_their_resource() {
        let found = places(TEMPLATE);
        assert_eq!(found.len(), 3);
        assert_eq!(
            found[0].artifact,
            Artifact::Function { resource: "Intake".into(), function: "intake".into() }
        );
        assert_eq!(
            found[1].artifact,
            Artifact::Definition { file: "../statemachines/privacy-request.asl.json".into() }
        );
        assert_eq!(
            found[2].artifact,
            Artifact::Folder { resource: "Surveys".into(), folder: "sample-app/surveys".into() }
        );
    }

    #[test]
    fn only_the_values_are_replaced_and_tags_stay_as_they_are() {
        let uris = BTreeMap::from([(5, "s3://b/k.zip".to_owned())]);
        let text = rewritten(TEMPLATE, &uris);
        assert!(text.contains("\n      CodeUri: s3://b/k.zip\n"));
        assert!(text.contains("      Role: !GetAtt IntakeRole.Arn\n"));
        assert!(text.contains("DefinitionSubstitutions: {Table: !Ref Table}\n"));
        assert_eq!(text.lines().count(), TEMPLATE.lines().count());
    }

    #[test]
    fn mail_may_be_sent_on_every_resource_as_the_emulator_wants_it() {
        let policy =
            "  Resource:\n    - !Sub \"arn:aws:ses:${AWS::Region}:${AWS::AccountId}:identity/${Sender}\"\n";
        let text = rewritten(policy, &BTreeMap::new());
        assert!(text.ends_with("  Resource:\n    - \"*\"\n"));
    }

    #[test]
    fn a_plain_template_is_sent_through_the_transform() {
        let text = rewritten("Resources:\n  T:\n", &BTreeMap::new());
        assert_eq!(text, format!("{TRANSFORM}\nResources:\n  T:\n"));
    }

    #[test]
    fn what_lies_on_s3_already_is_left_alone() {
        assert!(places("      DefinitionUri: s3://b/k\n      CodeUri: s3://b/k\n").is_empty());
    }
}
