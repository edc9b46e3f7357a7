//! What pages are made of.

#![expect(unreachable_pub, reason = "the component macro writes its functions as pub")]

pub(crate) mod frame;
pub(crate) mod icons;
pub(crate) mod signed_out;
pub(crate) mod theme_switch;
pub(crate) mod toast;

pub(crate) mod closed;
pub(crate) mod journal;
pub(crate) mod live_dot;
pub(crate) mod loaded;
pub(crate) mod trouble;

pub(crate) mod activation;
pub(crate) mod confirm;
pub(crate) mod field;
pub(crate) mod filter;
pub(crate) mod form;
pub(crate) mod page_key;
pub(crate) mod shown_once;
pub(crate) mod submit;

pub(crate) mod badge;
pub(crate) mod copy;
pub(crate) mod countdown;
pub(crate) mod figure;
pub(crate) mod moment;
pub(crate) mod orders_bar;
pub(crate) mod pager;
mod palette;
mod places;
pub(crate) mod stock_bar;

pub(crate) mod expiry_watch;
pub(crate) mod hold_actions;
pub(crate) mod hold_table;
pub(crate) mod timeline;
