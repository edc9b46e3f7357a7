//! A page that is not open to everybody who is signed in.

use domain::account::Role;
use domain::problem::Problem;
use leptos::either::Either;
use leptos::prelude::*;

use super::loaded::StandsFor;
use super::trouble::PageTrouble;
use crate::account::Account;
use crate::error::ApiError;

/// The page, for those whose role is enough. The others are told which one is; the server answers them with
/// the status that goes with it.
#[component]
pub(crate) fn OpenTo(role: Role, children: Children) -> impl IntoView {
    match Account::may(role) {
        true => Either::Left(children()),
        false => {
            let error = ApiError::new(Problem::Forbidden { needs: role });
            Either::Right(view! { <PageTrouble error=error stands_for=StandsFor::Page /> })
        }
    }
}
