//! Who is signed in, for as long as a document is open. The server renders by it and writes it into the
//! document's head; the browser reads it from there, so that both show the same. It decides what is shown
//! and never what is allowed: each server function asks for itself.

use domain::account::Role;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::browser;

/// The `<meta>` that carries it.
pub(crate) const META: &str = "account";

/// Whoever is signed in, as pages show them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub email: String,
    pub role: Role,
}

/// Whom a page is rendered for. The server provides it with every page; it is empty where nobody is
/// signed in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RenderedFor(pub Option<Account>);

#[derive(Clone, Copy)]
struct Here(StoredValue<Option<Account>>);

impl Account {
    /// Makes it known to the parts of a page.
    pub(crate) fn provide() {
        let account = if is_server() { Self::of_request() } else { browser::meta(META).and_then(|text| read(&text)) };
        provide_context(Here(StoredValue::new(account)));
    }

    /// Whom the page is rendered for; nobody, outside a rendering.
    pub(crate) fn of_request() -> Option<Self> {
        use_context::<RenderedFor>().and_then(|RenderedFor(account)| account)
    }

    /// As the document's head carries it.
    pub(crate) fn written(&self) -> String {
        // It has a JSON form; were there none, nobody would be shown as signed in.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn here() -> Option<Self> {
        use_context::<Here>().and_then(|Here(account)| account.get_value())
    }

    /// Whether whoever is signed in may do what asks for this role.
    pub(crate) fn may(needs: Role) -> bool {
        Self::here().is_some_and(|account| account.role.may(needs))
    }
}

fn read(text: &str) -> Option<Account> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_reads_back_from_the_document() {
        let account =
            Account { name: "\"><script>".to_owned(), email: "ada@example.com".to_owned(), role: Role::Operator };
        assert_eq!(read(&account.written()), Some(account));
        assert_eq!(read(""), None);
    }
}
