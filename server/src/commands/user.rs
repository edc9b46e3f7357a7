//! `holdfast user`: the people who sign in, from a shell. A running server lets in and keeps out accordingly
//! within a second.

use std::io::BufRead as _;

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use domain::account::{UserChange, UserCreated, UserRequest};
use domain::form::FieldErrors;
use domain::page::Limit;
use domain::text::Email;
use store::{Store, StoreError};

use super::asked::{in_words, refused, request};
use crate::config::{DatabaseArgs, PublicUrl};
use crate::database::Database;

#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a user. Without a password it prints a link that signs in once, within a day.
    Add {
        /// The email by which the user signs in.
        email: String,
        /// What the user is called [default: the email].
        #[arg(long)]
        name: Option<String>,
        /// viewer, operator or admin.
        #[arg(long, default_value = "operator")]
        role: String,
        /// Read a password from standard input, one line.
        #[arg(long)]
        password_stdin: bool,
        /// What browsers call the server, for the link.
        #[arg(long, env = "HOLDFAST_PUBLIC_URL", value_name = "URL", default_value = "http://127.0.0.1:8000")]
        public_url: PublicUrl,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List the users.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Set a user's password: one that is made and printed once, or one from standard input. All sessions of
    /// the user end.
    Password {
        #[command(flatten)]
        user: Named,
        /// Read the password from standard input, one line.
        #[arg(long)]
        stdin: bool,
    },
    /// Give a user another role.
    Role {
        #[command(flatten)]
        user: Named,
        /// viewer, operator or admin.
        role: String,
    },
    /// Let a user in no more. All sessions of the user end.
    Deactivate(Named),
    /// Let a deactivated user in again.
    Activate(Named),
}

#[derive(Debug, Args)]
pub struct Named {
    /// The user's email.
    email: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl User {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { email, name, role, password_stdin, public_url, database } => {
                let password = if password_stdin { Some(line_of_stdin()?) } else { None };
                let name = name.unwrap_or_else(|| email.clone());
                let new = UserRequest::new(&email, &name, &role, password.as_deref(), None).map_err(refused)?;
                with_store(&database, async |store| add(store, new, &public_url).await).await
            }
            Self::List { database } => with_store(&database, list).await,
            Self::Password { user, stdin } => {
                let password = match stdin {
                    true => line_of_stdin()?,
                    false => store::accounts::random_password().map_err(in_words)?.reveal().to_owned(),
                };
                let change = UserChange::new(None, None, None, Some(&password), None);
                user.change(change).await?;
                if !stdin {
                    println!("The password of {} is now {password}", user.email);
                    println!("It is shown once.");
                }
                Ok(())
            }
            Self::Role { user, role } => {
                user.change(UserChange::new(None, None, Some(&role), None, None)).await?;
                println!("{} is {role} now.", user.email);
                Ok(())
            }
            Self::Deactivate(user) => {
                user.change(UserChange::new(None, None, None, None, Some(false))).await?;
                println!("{} is let in no more.", user.email);
                Ok(())
            }
            Self::Activate(user) => {
                user.change(UserChange::new(None, None, None, None, Some(true))).await?;
                println!("{} is let in again.", user.email);
                Ok(())
            }
        }
    }
}

impl Named {
    async fn change(&self, change: Result<UserChange, FieldErrors>) -> anyhow::Result<()> {
        let change = change.map_err(refused)?;
        let email = Email::new(self.email.as_str()).map_err(|error| anyhow!("the email {error}"))?;
        with_store(&self.database, async |store| {
            let user = store.user_find(&email).await?;
            store.user_change(request(), user.id, change).await.map(drop)
        })
        .await
    }
}

async fn add(store: &Store, new: UserRequest, public_url: &PublicUrl) -> Result<(), StoreError> {
    let created: UserCreated = store.user_create(request(), new).await?.read()?;
    println!("{} may sign in as {}.", created.user.email, created.user.role);
    if let Some(link) = &created.sign_in_link {
        println!("This link signs in once, within a day: {public_url}{}", link.reveal());
    }
    Ok(())
}

async fn list(store: &Store) -> Result<(), StoreError> {
    let mut cursor = None;
    loop {
        let page = store.user_list(Limit::default(), cursor.as_deref()).await?;
        for user in page.items {
            let standing = if user.active { "" } else { "  (deactivated)" };
            println!("{:8}  {}  {}{standing}", user.role.to_string(), user.email, user.name);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// Opens the database, does this, and closes it.
pub(super) async fn with_store(
    database: &DatabaseArgs,
    work: impl AsyncFnOnce(&Store) -> Result<(), StoreError>,
) -> anyhow::Result<()> {
    let database = Database::open(database).await?;
    let done = work(&database.store).await;
    database.close().await;
    done.map_err(in_words)
}

fn line_of_stdin() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => bail!("there is no password on standard input"),
        password => Ok(password.to_owned()),
    }
}
