//! Who may call which server function: one list. `desk` reads it in the body of each, where a page that is
//! being rendered arrives too; the door reads it before anything is carried out. What is not on the list
//! is open to nobody.

use domain::account::{Access, Role};
use domain::problem::Problem;
use http::Method;
use server_fn::ServerFn;
use store::Identity;

use crate::api::account::{AccountFetch, PasswordChange, ShownOnceTake};
use crate::api::chaos::{ChaosFetch, ChaosStart, ChaosStop};
use crate::api::journal::JournalList;
use crate::api::keys::{KeyCreate, KeyList, KeyRevoke};
use crate::api::orders::{OrderFetch, OrderJournal, OrderList, OrderPlace, OrderProceed};
use crate::api::products::{
    ProductArchive, ProductChange, ProductCreate, ProductFetch, ProductFetchAt, ProductList, StockAdjust,
    StockHistoryFetch,
};
use crate::api::reservations::{
    ReservationExtend, ReservationFetch, ReservationHold, ReservationList, ReservationRelease,
};
use crate::api::sessions::{SessionClose, SessionCloseAll, SessionOpen, SessionOpenByLink};
use crate::api::settings::{FormKey, ThemeSet};
use crate::api::stats::StatsFetch;
use crate::api::users::{UserActivate, UserChange, UserCreate, UserFetch, UserList, UserPasswordSet};
use crate::api::warehouses::{
    StockTransfer, WarehouseActivate, WarehouseChange, WarehouseCreate, WarehouseFetch, WarehouseList,
};

/// A server function that says whom it is open to.
pub(crate) trait Guarded: ServerFn {
    const ACCESS: Access;
}

macro_rules! open_to {
    ($($access:expr => $($function:ident),+;)+) => {
        $($(impl Guarded for $function {
            const ACCESS: Access = $access;
        })+)+

        /// The path of each server function on the list, and whom it is open to.
        const LIST: &[(&str, Access)] = &[$($(($function::PATH, $function::ACCESS),)+)+];
    };
}

open_to! {
    Access::Anyone => SessionClose, SessionOpen, SessionOpenByLink, ThemeSet;

    Access::Role(Role::Viewer) =>
        AccountFetch, FormKey, JournalList, OrderFetch, OrderJournal, OrderList, PasswordChange, ProductFetch,
        ProductFetchAt, ProductList, ReservationFetch, ReservationList, SessionCloseAll, StatsFetch,
        StockHistoryFetch, WarehouseFetch, WarehouseList;

    Access::Role(Role::Operator) =>
        OrderPlace, OrderProceed, ReservationExtend, ReservationHold, ReservationRelease;

    Access::Role(Role::Admin) =>
        ChaosFetch, ChaosStart, ChaosStop, KeyCreate, KeyList, KeyRevoke, ProductArchive, ProductChange, ProductCreate, ShownOnceTake, StockAdjust,
        StockTransfer, UserActivate, UserChange, UserCreate, UserFetch, UserList, UserPasswordSet, WarehouseActivate,
        WarehouseChange, WarehouseCreate;
}

/// A server function as it is reached over HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerFunction {
    pub path: &'static str,
    pub method: Method,
    /// Whom it is open to; none where that was not declared, and then nobody gets in.
    pub access: Option<Access>,
}

/// Every server function that exists, by path.
pub fn server_functions() -> Vec<ServerFunction> {
    let known = server_fn::axum::server_fn_paths();
    let mut functions: Vec<ServerFunction> =
        known.map(|(path, method)| ServerFunction { path, method, access: declared(path) }).collect();
    functions.sort_by_key(|function| function.path);
    functions
}

/// Whom the server function on a path is open to.
pub(crate) fn declared(path: &str) -> Option<Access> {
    LIST.iter().find(|(known, _)| *known == path).map(|(_, access)| *access)
}

/// Lets in whoever is known well enough.
///
/// # Errors
/// [`Problem::Unauthenticated`] where nobody is known, [`Problem::Forbidden`] where the role is too weak.
pub fn admit(access: Access, identity: Option<Identity>) -> Result<(), Problem> {
    match (access, identity) {
        (Access::Anyone, _) => Ok(()),
        (Access::Role(_), None) => Err(Problem::Unauthenticated),
        (Access::Role(needs), Some(identity)) if identity.role.may(needs) => Ok(()),
        (Access::Role(needs), Some(_)) => Err(Problem::Forbidden { needs }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use domain::actor::Actor;

    use super::*;

    #[test]
    fn every_server_function_says_whom_it_is_open_to() {
        let exist: BTreeSet<&str> = server_functions().iter().map(|function| function.path).collect();
        let listed: BTreeSet<&str> = LIST.iter().map(|(path, _)| *path).collect();
        assert_eq!(exist, listed);
        assert_eq!(listed.len(), LIST.len());
    }

    /// While a page is rendered its functions are called without the door, so each has to ask by itself,
    /// in its own name.
    #[test]
    fn every_server_function_begins_at_its_own_desk() {
        let mut asked = 0;
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api")).unwrap() {
            let source = fs::read_to_string(file.unwrap().path()).unwrap();
            for function in source.split("#[server(prefix").skip(1) {
                let body = function.split("\n}\n").next().unwrap();
                let name = body.split("pub async fn ").nth(1).unwrap().split('(').next().unwrap();
                let words = name.split('_').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]));
                let desk = format!("desk::<{}>()?", words.collect::<String>());
                let first = body.split("ApiError> {").nth(1).unwrap();
                let first = first.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("use "));
                assert!(first.unwrap().contains(&desk), "{name} does not begin with {desk}");
                asked += 1;
            }
        }
        assert_eq!(asked, LIST.len());
    }

    #[test]
    fn whoever_is_not_known_or_not_known_well_enough_stays_outside() {
        let known = |role| Some(Identity { actor: Actor::Local, role });
        let operator = Access::Role(Role::Operator);
        assert_eq!(admit(Access::Anyone, None), Ok(()));
        assert_eq!(admit(operator, None), Err(Problem::Unauthenticated));
        assert_eq!(admit(operator, known(Role::Viewer)), Err(Problem::Forbidden { needs: Role::Operator }));
        assert_eq!(admit(operator, known(Role::Operator)), Ok(()));
        assert_eq!(admit(operator, known(Role::Admin)), Ok(()));
    }
}
