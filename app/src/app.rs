//! The document around every page, and which page is where.

use leptos::hydration::{AutoReload, HydrationScripts};
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::account::{self, Account};
use crate::clock::ServerClock;
use crate::pages::audit::Audit;
use crate::pages::chaos::Chaos;
use crate::pages::missing::Missing;
use crate::pages::order::OrderPage;
use crate::pages::orders::Orders;
use crate::pages::overview::Overview;
use crate::pages::product::ProductPage;
use crate::pages::product_new::ProductNew;
use crate::pages::products::Products;
use crate::pages::reservation::ReservationPage;
use crate::pages::reservations::Reservations;
use crate::pages::settings::Settings;
use crate::pages::sign_in::SignInPage;
use crate::pages::user::UserPage;
use crate::pages::warehouse::WarehousePage;
use crate::pages::warehouses::Warehouses;
use crate::parts::frame::Frame;
use crate::parts::moment::Zone;
use crate::parts::signed_out::Session;
use crate::parts::toast::Toasts;
use crate::theme::Theme;

/// The document: rendered by the server only.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let theme = Theme::of_request().map(Theme::as_str);
    let account = Account::of_request().map(|account| {
        view! { <meta name=account::META content=account.written() /> }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                {account}
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <HashedStylesheet id="leptos" options=options.clone() />
                <AutoReload options=options.clone() />
                <HydrationScripts options=options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The pages. Each is rendered whole before it is sent, so that it is readable without JavaScript.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Account::provide();
    Session::provide();
    ServerClock::provide();
    Zone::provide();
    Toasts::provide();
    view! {
        <Router>
            <Frame>
                <Routes fallback=Missing>
                    <Route path=path!("/") view=Overview ssr=SsrMode::Async />
                    <Route path=path!("/products") view=Products ssr=SsrMode::Async />
                    <Route path=path!("/products/new") view=ProductNew ssr=SsrMode::Async />
                    <Route path=path!("/products/:product") view=ProductPage ssr=SsrMode::Async />
                    <Route path=path!("/reservations") view=Reservations ssr=SsrMode::Async />
                    <Route path=path!("/reservations/:id") view=ReservationPage ssr=SsrMode::Async />
                    <Route path=path!("/orders") view=Orders ssr=SsrMode::Async />
                    <Route path=path!("/orders/:order") view=OrderPage ssr=SsrMode::Async />
                    <Route path=path!("/warehouses") view=Warehouses ssr=SsrMode::Async />
                    <Route path=path!("/warehouses/:warehouse") view=WarehousePage ssr=SsrMode::Async />
                    <Route path=path!("/audit") view=Audit ssr=SsrMode::Async />
                    <Route path=path!("/chaos") view=Chaos ssr=SsrMode::Async />
                    <Route path=path!("/settings") view=Settings ssr=SsrMode::Async />
                    <Route path=path!("/settings/users/:user") view=UserPage ssr=SsrMode::Async />
                    <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                </Routes>
            </Frame>
        </Router>
    }
}
