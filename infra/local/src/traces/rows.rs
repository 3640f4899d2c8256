use aws_sdk_dynamodb::types::AttributeValue;

use crate::snapshot::{key_attributes, key_json};
use crate::{Clients, LocalError, Result};

use super::{Place, Search};

/// Looks into every attribute of every row of every table.
pub(super) async fn look(clients: &Clients, search: &mut Search<'_>) -> Result<()> {
    let mut tables = clients.dynamodb.list_tables().into_paginator().items().send();
    while let Some(table) = tables.next().await {
        table_of(clients, &table.map_err(LocalError::aws("list the tables"))?, search).await?;
    }
    Ok(())
}

async fn table_of(clients: &Clients, table: &str, search: &mut Search<'_>) -> Result<()> {
    let key = key_attributes(clients, table).await?;
    let scan = clients.dynamodb.scan().table_name(table).consistent_read(true);
    let mut pages = scan.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(LocalError::aws(format!("scan table {table}")))?;
        for row in page.items() {
            let place = Place::Row { table: table.to_owned(), key: key_json(&key, row)? };
            for (name, value) in row {
                let mut bytes = name.clone().into_bytes();
                lay_out(&mut bytes, value)?;
                search.look(&place, name, bytes);
            }
        }
    }
    Ok(())
}

/// Everything in a value as it is stored, with a line's end between one thing and the next.
fn lay_out(out: &mut Vec<u8>, value: &AttributeValue) -> Result<()> {
    let mut put = |bytes: &[u8]| {
        out.push(b'\n');
        out.extend_from_slice(bytes);
    };
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => put(text.as_bytes()),
        AttributeValue::B(bytes) => put(bytes.as_ref()),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => {
            texts.iter().for_each(|text| put(text.as_bytes()));
        }
        AttributeValue::Bs(all) => all.iter().for_each(|bytes| put(bytes.as_ref())),
        AttributeValue::L(values) => values.iter().try_for_each(|value| lay_out(out, value))?,
        AttributeValue::M(fields) => {
            for (name, value) in fields {
                out.push(b'\n');
                out.extend_from_slice(name.as_bytes());
                lay_out(out, value)?;
            }
        }
        AttributeValue::Bool(_) | AttributeValue::Null(_) => {}
        _ => {
            return Err(LocalError::unexpected(
                "look into a row",
                "it has a value of a type that this program does not know",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use serde_json::json;

    use crate::canonical::attribute;

    use super::*;

    fn laid_out(value: &AttributeValue) -> String {
        let mut out = Vec::new();
        lay_out(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_depths_and_types_are_looked_into() {
        let nested = attribute(json!({"ana@a.example": [{"n": 7}, null, true, "deep"]}));
        assert_eq!(laid_out(&nested), "\nana@a.example\nn\n7\ndeep");
        assert_eq!(laid_out(&AttributeValue::B(Blob::new("bytes"))), "\nbytes");
        assert_eq!(laid_out(&AttributeValue::Ss(vec!["a".into(), "b".into()])), "\na\nb");
        assert_eq!(laid_out(&AttributeValue::Bs(vec![Blob::new("x")])), "\nx");
    }
}
