//! The first admin of an empty database, and how a newcomer learns of it.

use anyhow::{Context as _, anyhow};
use domain::account::{Password, link_path};
use domain::text::Email;
use store::Store;
use store::accounts::{FirstAdmin, FirstPassword};

use crate::config::{FirstAdminArgs, PublicUrl};

/// Makes an admin where there is no user at all.
///
/// # Errors
/// What is wrong with the settings, or with the database.
pub(super) async fn make(store: &Store, args: &FirstAdminArgs) -> anyhow::Result<Option<FirstAdmin>> {
    let email = Email::new(args.admin_email.as_str()).map_err(|error| anyhow!("the first admin's email {error}"))?;
    let password = args.admin_password.as_ref().map(|password| Password::new(password.reveal()));
    let password = password.transpose().map_err(|error| anyhow!("the first admin's password {error}"))?;
    store.first_admin_create(email, password).await.context("the first admin could not be made")
}

/// What is printed of the admin, once.
pub(super) fn in_words(admin: &FirstAdmin, public_url: &PublicUrl) -> String {
    let password = match &admin.password {
        FirstPassword::Given => "the one of HOLDFAST_ADMIN_PASSWORD",
        FirstPassword::Made(password) => password.reveal(),
    };
    let rule = "-".repeat(78);
    let (email, link) = (admin.user.email.as_str(), link_path(admin.link.reveal()));
    format!(
        "\n{rule}\n\
         \x20 There was no user yet, so an admin was made. This is shown once.\n\n\
         \x20 Email     {email}\n\
         \x20 Password  {password}\n\n\
         \x20 Or sign in by this link, which works once, within an hour:\n\
         \x20 {public_url}{link}\n\
         {rule}\n"
    )
}
