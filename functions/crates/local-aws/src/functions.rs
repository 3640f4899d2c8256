use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::connector::Answer;

type Function = Arc<dyn Fn(&Value) -> Value + Send + Sync>;

/// Functions of the operator's, by name.
#[derive(Default)]
pub(crate) struct Functions {
    functions: Mutex<BTreeMap<String, Function>>,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Functions").finish_non_exhaustive()
    }
}

impl Functions {
    pub(crate) fn create(&self, name: &str, function: Function) {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        functions.insert(name.to_owned(), function);
    }

    pub(crate) fn answer(&self, name: &str, payload: &[u8]) -> Answer {
        let functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let function = functions.get(name).unwrap_or_else(|| panic!("there is no function {name}")).clone();
        drop(functions);
        let payload = serde_json::from_slice(payload).expect("a payload of JSON");
        let reply = function(&payload);
        let answer = Answer::ok(reply.to_string());
        match reply.get("errorMessage") {
            Some(_) => answer.with("x-amz-function-error", "Unhandled"),
            None => answer,
        }
    }
}
