//! What handlers are given.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use store::Store;

use crate::admission::Admission;
use crate::chaos::desk::ChaosDesk;
use crate::meters;

/// Shared by all requests. A clone costs next to nothing: each layer of the router makes one for each request.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Parts>);

/// What the state has.
#[derive(Debug)]
pub struct Parts {
    pub store: Store,
    pub leptos: LeptosOptions,
    pub admission: Arc<Admission>,
    pub chaos: Arc<ChaosDesk>,
}

impl AppState {
    /// What a server that listens at `address` gives its handlers.
    pub fn new(store: Store, leptos: LeptosOptions, admission: Arc<Admission>, address: SocketAddr) -> Self {
        meters::start();
        let chaos = Arc::new(ChaosDesk::new(store.clone(), address.into()));
        Self(Arc::new(Parts { store, leptos, admission, chaos }))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for Store {
    fn from_ref(state: &AppState) -> Self {
        state.store.clone()
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
