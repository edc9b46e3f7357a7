//! People who sign in.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Password, Role, ShownOnce};
use crate::form::{FieldErrors, Fields};
use crate::ids::{ChangeId, UserId};
use crate::journal::{Action, ChangeDraft, EntryDraft, Subject};
use crate::text::{Email, Name};
use crate::time::Timestamp;

/// A person who signs in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    pub name: Name,
    pub role: Role,
    /// Who is not active is not let in, and stays known: the journal names users for ever.
    pub active: bool,
    pub created_at: Timestamp,
}

/// A user as just created. Where no password was given there is a link that signs in once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UserCreated {
    #[serde(flatten)]
    pub user: User,
    /// The path of a link that signs in once, within a day. It is in the first answer only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_link: Option<ShownOnce>,
    /// Said in place of a link that was shown before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

impl UserCreated {
    /// The answer as it is kept, without what is shown once.
    pub fn without_secret(&self) -> Self {
        let notice = self.sign_in_link.as_ref().map(|_| "The sign-in link was shown once, in the first answer.");
        Self { user: self.user.clone(), sign_in_link: None, notice: notice.map(str::to_owned) }
    }
}

/// A user to be created.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct UserRequest {
    email: Email,
    name: Name,
    role: Role,
    password: Option<Password>,
    active: bool,
}

impl UserRequest {
    /// `active` is true where it is not given.
    ///
    /// # Errors
    /// One error for each field that is not acceptable: `email`, `name`, `role`, `password`.
    pub fn new(
        email: &str,
        name: &str,
        role: &str,
        password: Option<&str>,
        active: Option<bool>,
    ) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let email = fields.take("email", Email::new(email));
        let name = fields.take("name", Name::new(name));
        let role = fields.take("role", Role::parse(role));
        let password = match password {
            None => Some(None),
            Some(password) => fields.take("password", Password::new(password)).map(Some),
        };
        let active = active.unwrap_or(true);
        fields.finish(|| Some(Self { email: email?, name: name?, role: role?, password: password?, active }))
    }

    pub fn email(&self) -> &Email {
        &self.email
    }

    pub fn name(&self) -> &Name {
        &self.name
    }

    pub fn role(&self) -> Role {
        self.role
    }

    pub fn password(&self) -> Option<&Password> {
        self.password.as_ref()
    }

    pub fn is_active(&self) -> bool {
        self.active
    }
}

/// What to change of a user; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct UserChange {
    email: Option<Email>,
    name: Option<Name>,
    role: Option<Role>,
    password: Option<Password>,
    active: Option<bool>,
}

impl UserChange {
    /// # Errors
    /// One error for each field that is not acceptable: `email`, `name`, `role`, `password`.
    pub fn new(
        email: Option<&str>,
        name: Option<&str>,
        role: Option<&str>,
        password: Option<&str>,
        active: Option<bool>,
    ) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let email = email.map(|email| fields.take("email", Email::new(email)));
        let name = name.map(|name| fields.take("name", Name::new(name)));
        let role = role.map(|role| fields.take("role", Role::parse(role)));
        let password = password.map(|password| fields.take("password", Password::new(password)));
        fields.finish(|| {
            Some(Self {
                email: email.flatten(),
                name: name.flatten(),
                role: role.flatten(),
                password: password.flatten(),
                active,
            })
        })
    }

    pub fn password(&self) -> Option<&Password> {
        self.password.as_ref()
    }

    /// The user as after the change, the password aside.
    pub fn apply(&self, user: &User) -> User {
        User {
            id: user.id,
            email: self.email.clone().unwrap_or_else(|| user.email.clone()),
            name: self.name.clone().unwrap_or_else(|| user.name.clone()),
            role: self.role.unwrap_or(user.role),
            active: self.active.unwrap_or(user.active),
            created_at: user.created_at,
        }
    }
}

/// What the journal tells of a new user.
pub fn user_created(change_id: ChangeId, user: &User) -> ChangeDraft {
    draft(change_id, Action::UserCreated, user.id, None, Some(facts(user, &[])))
}

/// What the journal tells of a change; `None` where nothing changed. A password that was set anew is
/// `new_password`.
pub fn user_changed(
    change_id: ChangeId,
    before: &User,
    after: &User,
    new_password: Option<&Password>,
) -> Option<ChangeDraft> {
    let differing = [
        ("email", before.email != after.email),
        ("name", before.name != after.name),
        ("password", new_password.is_some()),
    ];
    let changed: Vec<&str> = differing.iter().filter(|(_, differs)| *differs).map(|(field, _)| *field).collect();
    let action = match (before.active, after.active) {
        _ if before == after && changed.is_empty() => return None,
        (true, false) => Action::UserDeactivated,
        (false, true) => Action::UserActivated,
        (true, true) | (false, false) => Action::UserChanged,
    };
    Some(draft(change_id, action, after.id, Some(facts(before, &[])), Some(facts(after, &changed))))
}

fn draft(change_id: ChangeId, action: Action, id: UserId, before: Option<Value>, after: Option<Value>) -> ChangeDraft {
    let entries = vec![EntryDraft { stock: None, before, after }];
    ChangeDraft { change_id, action, subject: Subject::User(id), entries }
}

/// People are in the journal by id only: of a name or an email it is told that it changed.
fn facts(user: &User, changed: &[&str]) -> Value {
    match changed {
        [] => json!({"role": user.role, "active": user.active}),
        changed => json!({"role": user.role, "active": user.active, "changed": changed}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User {
            id: "019a0000-0000-7000-8000-000000000001".parse().unwrap(),
            email: Email::new("ada@example.com").unwrap(),
            name: Name::new("Ada").unwrap(),
            role: Role::Operator,
            active: true,
            created_at: "2026-01-31T09:30:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_request_tells_all_its_errors_at_once() {
        let errors = UserRequest::new("ada", "", "owner", Some("short"), None).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["email", "name", "role", "password"]);
    }

    #[test]
    fn the_journal_learns_what_changed_of_a_person_and_not_to_what() {
        let change =
            UserChange::new(Some("new@example.com"), Some("Bea"), None, Some("a long enough one"), None).unwrap();
        let after = change.apply(&user());
        let id = "019a0000-0000-7000-8000-000000000002".parse().unwrap();
        let draft = user_changed(id, &user(), &after, change.password()).unwrap();
        assert_eq!(draft.action, Action::UserChanged);
        let told = draft.entries[0].after.clone().unwrap();
        assert_eq!(told, json!({"role": "operator", "active": true, "changed": ["email", "name", "password"]}));
        assert_eq!(user_changed(id, &user(), &user(), None), None);
    }

    #[test]
    fn whoever_is_deactivated_is_told_of_as_that() {
        let change = UserChange::new(None, None, Some("viewer"), None, Some(false)).unwrap();
        let id = "019a0000-0000-7000-8000-000000000002".parse().unwrap();
        let draft = user_changed(id, &user(), &change.apply(&user()), None).unwrap();
        assert_eq!(draft.action, Action::UserDeactivated);
    }

    #[test]
    fn a_kept_answer_has_no_link() {
        let link = Some(ShownOnce::new("/sign-in?link=secret"));
        let created = UserCreated { user: user(), sign_in_link: link, notice: None };
        let kept = serde_json::to_string(&created.without_secret()).unwrap();
        assert!(!kept.contains("secret") && kept.contains("shown once"), "{kept}");
    }
}
