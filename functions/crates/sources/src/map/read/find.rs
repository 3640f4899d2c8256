use super::index;
use crate::PrefixTemplate;
use crate::map::reader::{Fields, Reader, Value};
use crate::map::{EMAIL, Find};

pub(super) fn read(value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Find> {
    let mut fields = Fields::of(value, "a rule of `find`", reader)?;
    let kinds = [fields.get("subject_field"), fields.get("through"), fields.get("prefix")];
    let found = match kinds {
        [Some(field), None, None] => {
            fields.call("a rule by `subject_field`");
            let id = fields.get("id").map(|value| reader.text(value));
            let index = fields.get("index").map(|value| index(value, reader));
            let id = id.unwrap_or_else(|| Some(EMAIL.to_owned()));
            let field = reader.text(field);
            field.zip(id).map(|(subject_field, id)| Find::Subject {
                subject_field,
                id,
                index: index.flatten(),
            })
        }
        [None, Some(through), None] => {
            fields.call("a rule by `through`");
            let field = fields.required("field", "the field that leads here", reader);
            let field = field.and_then(|value| reader.text(value));
            let through = reader.text(through);
            through.zip(field).map(|(through, field)| Find::Through { through, field })
        }
        [None, None, Some(prefix)] => {
            fields.call("a rule by `prefix`");
            let template = reader.text(prefix).map(|text| PrefixTemplate::parse(&text));
            template.and_then(|template| match template {
                Ok(prefix) => Some(Find::Prefix { prefix }),
                Err(what) => {
                    reader.wrong(&prefix.span(), what);
                    None
                }
            })
        }
        _ => {
            let what = "a rule of `find` has either `subject_field`, with an `index` where there is one, \
                        or `through` and `field`, or `prefix`";
            reader.wrong(&value.span(), what);
            return None;
        }
    };
    fields.finish(reader);
    found
}
