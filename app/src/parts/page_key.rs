//! The idempotency key that a page brings for its forms. It comes with the page's data, so that server and
//! browser have the same one.

use domain::idempotency::IdempotencyKey;
use leptos::prelude::*;

use crate::api::settings::form_key;
use crate::error::ApiError;

/// The key of this page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageKey(Resource<Result<IdempotencyKey, ApiError>>);

impl PageKey {
    /// Takes one for a page that has forms.
    pub(crate) fn provide() {
        provide_context(Self(Resource::new(|| (), |()| form_key())));
    }

    pub(crate) fn is_there(self) -> bool {
        self.0.with(Option::is_some)
    }

    /// The key of one form, for its `sent`-th sending. Without a page's key there is none: the server then
    /// takes each sending for one of its own.
    fn of(self, form: &str, sent: usize) -> String {
        self.0.with(|key| match key {
            Some(Ok(key)) => format!("{}:{form}:{sent}", key.as_str()),
            Some(Err(_)) | None => String::new(),
        })
    }
}

/// The hidden field that carries the key. A sending that failed is repeated under the same key; one that
/// succeeded is followed by another key.
#[component]
pub(crate) fn KeyField(form: String, #[prop(into)] sent: Signal<usize>) -> impl IntoView {
    let key = use_context::<PageKey>();
    let value = move || key.map(|key| key.of(&form, sent.get())).unwrap_or_default();
    // Browsers like to put back what a field had before a reload; this one must be new.
    view! { <input type="hidden" name="key" autocomplete="off" value=value /> }
}
