//! Each request by itself. Leptos makes a request's owner a child of the one that its thread worked for
//! last: a request could then find what belongs to another, and a file take the headers of a page's answer
//! away, its policy and its cookies included.

use std::future::Future;

use leptos::prelude::{Owner, ScopedFuture};

/// Runs what `make` makes under an owner without a parent.
pub async fn alone<F: Future>(make: impl FnOnce() -> F) -> F::Output {
    let owner = Owner::new_root(None);
    owner.with(|| ScopedFuture::new_untracked(make())).await
}
