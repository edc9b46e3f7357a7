//! Keys with which programs call the API.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Role, ShownOnce};
use crate::form::{FieldErrors, Fields};
use crate::ids::{ChangeId, KeyId};
use crate::journal::{Action, ChangeDraft, EntryDraft, Subject};
use crate::text::Name;
use crate::time::Timestamp;

/// An API key, without the key itself: only its hash is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: KeyId,
    pub name: Name,
    pub role: Role,
    pub created_at: Timestamp,
    /// From then on it is refused.
    pub expires_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it lets anybody in at this time.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A key as just created: the one answer that has the key itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyCreated {
    #[serde(flatten)]
    pub api_key: ApiKey,
    /// `hf_...`, to be sent as `Authorization: Bearer hf_...`. It is in the first answer only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ShownOnce>,
    /// Said in place of a key that was shown before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

impl KeyCreated {
    /// The answer as it is kept, without what is shown once.
    pub fn without_secret(&self) -> Self {
        let notice = Some("The key was shown once, in the first answer.".to_owned());
        Self { api_key: self.api_key.clone(), key: None, notice }
    }
}

/// A key to be created.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KeyRequest {
    name: Name,
    role: Role,
    expires_at: Option<Timestamp>,
}

impl KeyRequest {
    /// `expires_at` is a time such as `2027-01-31T00:00:00Z`; whether it lies ahead the database's clock
    /// says, later.
    ///
    /// # Errors
    /// One error for each field that is not acceptable: `name`, `role`, `expires_at`.
    pub fn new(name: &str, role: &str, expires_at: Option<&str>) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let name = fields.take("name", Name::new(name));
        let role = fields.take("role", Role::parse(role));
        let expires_at = match expires_at {
            None => Some(None),
            Some(text) => fields.take("expires_at", text.parse::<Timestamp>()).map(Some),
        };
        fields.finish(|| Some(Self { name: name?, role: role?, expires_at: expires_at? }))
    }

    pub fn name(&self) -> &Name {
        &self.name
    }

    pub fn role(&self) -> Role {
        self.role
    }

    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// # Errors
    /// An error for `expires_at`, where it does not lie ahead.
    pub fn check_at(&self, now: Timestamp) -> Result<(), FieldErrors> {
        let mut fields = Fields::default();
        if self.expires_at.is_some_and(|end| end <= now) {
            fields.refuse("expires_at", "must lie in the future");
        }
        fields.finish(|| Some(()))
    }
}

/// What the journal tells of a new key.
pub fn key_created(change_id: ChangeId, key: &ApiKey) -> ChangeDraft {
    draft(change_id, Action::KeyCreated, key.id, None, Some(facts(key)))
}

/// What the journal tells of a key that is let in no more.
pub fn key_revoked(change_id: ChangeId, key: &ApiKey) -> ChangeDraft {
    draft(change_id, Action::KeyRevoked, key.id, Some(facts(key)), None)
}

fn draft(change_id: ChangeId, action: Action, id: KeyId, before: Option<Value>, after: Option<Value>) -> ChangeDraft {
    let entries = vec![EntryDraft { stock: None, before, after }];
    ChangeDraft { change_id, action, subject: Subject::Key(id), entries }
}

fn facts(key: &ApiKey) -> Value {
    json!({"name": key.name, "role": key.role, "expires_at": key.expires_at})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_tells_all_its_errors_at_once() {
        let errors = KeyRequest::new("\0", "root", Some("tomorrow")).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "role", "expires_at"]);
        assert!(KeyRequest::new("shop", "operator", None).is_ok());
    }

    #[test]
    fn a_key_must_end_in_the_future() {
        let request = KeyRequest::new("shop", "operator", Some("2026-01-31T09:30:00Z")).unwrap();
        assert!(request.check_at("2026-01-31T09:29:59Z".parse().unwrap()).is_ok());
        assert!(request.check_at("2026-01-31T09:30:00Z".parse().unwrap()).is_err());
    }
}
