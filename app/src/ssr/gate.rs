//! Who sees which page: one list. Whoever is not known is led to the sign-in page, and from there back to
//! what they came for.

use domain::account::{Access, LocalPath, Role};
use domain::problem::Problem;
use http::Uri;
use store::Identity;

use super::access::admit;
use crate::links;
use crate::query::{Query, to_query};

const READS: Access = Access::Role(Role::Viewer);
const MANAGES: Access = Access::Role(Role::Admin);

/// Every page by the pattern of its path. One that is not here is open to nobody.
const PAGES: [(&str, Access); 15] = [
    ("/", READS),
    ("/products", READS),
    ("/products/new", MANAGES),
    ("/products/{product}", READS),
    ("/reservations", READS),
    ("/reservations/{id}", READS),
    ("/orders", READS),
    ("/orders/{order}", READS),
    ("/warehouses", READS),
    ("/warehouses/{warehouse}", READS),
    ("/audit", READS),
    ("/chaos", MANAGES),
    ("/settings", READS),
    ("/settings/users/{user}", MANAGES),
    (links::SIGN_IN, Access::Anyone),
];

/// Where one is led who has signed out: the page says so.
pub(crate) const SIGNED_OUT: &str = "/sign-in?why=out";
/// The same, for whoever has ended all of the own sessions.
pub(crate) const SIGNED_OUT_EVERYWHERE: &str = "/sign-in?why=everywhere";

/// What happens to someone who asks for a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entrance {
    Open,
    /// They are led to this address of ours: to sign in first, or on from there.
    Elsewhere(String),
    /// The page says that it is not open to them.
    Closed(Problem),
}

/// Every page and whom it is open to.
pub fn pages() -> impl Iterator<Item = (&'static str, Access)> {
    PAGES.into_iter()
}

/// Whether whoever asks for an address sees its page, which has this pattern.
pub fn entrance(pattern: &str, uri: &Uri, identity: Option<Identity>) -> Entrance {
    let Some((_, access)) = PAGES.into_iter().find(|(known, _)| *known == pattern) else {
        tracing::error!(pattern, "a page does not say whom it is open to");
        return Entrance::Closed(Problem::Internal);
    };
    match admit(access, identity) {
        Ok(()) if pattern == links::SIGN_IN && identity.is_some() => signed_in_already(uri),
        Ok(()) => Entrance::Open,
        Err(Problem::Unauthenticated) => Entrance::Elsewhere(to_sign_in(uri)),
        Err(problem) => Entrance::Closed(problem),
    }
}

/// The way to the sign-in page and back. A form that came too late left what was typed in the address;
/// where that is too much to be carried along, the page says that it is lost.
pub fn to_sign_in(uri: &Uri) -> String {
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    let query = Query::parse(uri.query().unwrap_or_default());
    if LocalPath::new(wanted).is_some() || query.get("__err").is_none() {
        links::sign_in(wanted)
    } else {
        let kept = query.without("__err").without("__path");
        let next = format!("{}{}", uri.path(), kept.written());
        format!("{}{}", links::SIGN_IN, to_query(&[("next", &next), ("why", "unsent")]))
    }
}

/// A link that signs in is for whom it was made, who may be somebody else.
fn signed_in_already(uri: &Uri) -> Entrance {
    let query = Query::parse(uri.query().unwrap_or_default());
    match query.get("link") {
        Some(_) => Entrance::Open,
        None => {
            let next = query.get("next").and_then(|next| links::wanted(&next));
            Entrance::Elsewhere(next.map_or_else(|| links::OVERVIEW.to_owned(), |next| next.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::actor::Actor;

    use super::*;

    fn at(address: &str, pattern: &str, role: Option<Role>) -> Entrance {
        let identity = role.map(|role| Identity { actor: Actor::Local, role });
        entrance(pattern, &address.parse().unwrap(), identity)
    }

    fn elsewhere(address: &str) -> Entrance {
        Entrance::Elsewhere(address.to_owned())
    }

    #[test]
    fn whoever_is_not_known_signs_in_first_and_comes_back() {
        assert_eq!(at("/", "/", None), elsewhere("/sign-in"));
        assert_eq!(at("/orders?a=1", "/orders", None), elsewhere("/sign-in?next=%2Forders%3Fa%3D1"));
        assert_eq!(at("/orders", "/orders", Some(Role::Viewer)), Entrance::Open);
        assert_eq!(at("/sign-in", "/sign-in", None), Entrance::Open);
    }

    #[test]
    fn whoever_is_known_goes_on_from_the_sign_in_page() {
        let known = Some(Role::Viewer);
        assert_eq!(at("/sign-in", "/sign-in", known), elsewhere("/"));
        assert_eq!(at("/sign-in?next=%2Forders%3Fa%3D1", "/sign-in", known), elsewhere("/orders?a=1"));
        assert_eq!(at("/sign-in?next=%2F%2Fexample.com", "/sign-in", known), elsewhere("/"));
        assert_eq!(at("/sign-in?link=x", "/sign-in", known), Entrance::Open);
    }

    #[test]
    fn what_was_typed_too_late_comes_along_if_it_is_not_too_much() {
        let short = at("/orders/1?__path=%2Fx&__err=abc", "/orders/{order}", None);
        assert_eq!(short, elsewhere("/sign-in?next=%2Forders%2F1%3F__path%3D%252Fx%26__err%3Dabc"));
        let long = format!("/orders/1?list=a&__path=%2Fx&__err={}", "x".repeat(3_000));
        let told = "/sign-in?next=%2Forders%2F1%3Flist%3Da&why=unsent";
        assert_eq!(at(&long, "/orders/{order}", None), elsewhere(told));
    }

    #[test]
    fn a_page_is_closed_to_weaker_roles_and_to_all_where_nobody_said_whom_it_is_open_to() {
        let closed = Entrance::Closed(Problem::Forbidden { needs: Role::Admin });
        assert_eq!(at("/products/new", "/products/new", Some(Role::Operator)), closed);
        assert_eq!(at("/chess", "/chess", Some(Role::Admin)), Entrance::Closed(Problem::Internal));
    }
}
