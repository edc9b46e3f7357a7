//! Words that several pages use.

use domain::account::Role;
use domain::order::Customer;
use domain::quantity::grouped;
use domain::reservation::Reservation;

/// `6 × 85123A and 2 more`: what a reservation is of.
pub(crate) fn lines_in_words(reservation: &Reservation) -> String {
    match reservation.lines.as_slice() {
        [] => "nothing".to_owned(),
        [line] => format!("{} × {}", grouped(line.quantity), line.sku),
        [line, rest @ ..] => format!("{} × {} and {} more", grouped(line.quantity), line.sku, rest.len()),
    }
}

/// With a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// With a capital at its beginning and a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{stop}", capital(text))
}

/// Whom an order is for, by what people know best.
pub(crate) fn customer_in_words(customer: &Customer) -> String {
    let Customer { id, email, name, reference } = customer;
    let name = name.as_ref().map(ToString::to_string);
    let known = email.as_ref().map(ToString::to_string).or(name);
    known.or_else(|| reference.as_ref().map(ToString::to_string)).unwrap_or_else(|| id.to_string())
}

/// What a role may do.
pub(crate) const fn role_in_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "You read everything, and change nothing.",
        Role::Operator => "You reserve, order and move orders on. Products, stock and users are an admin's.",
        Role::Admin => "You may do everything.",
    }
}

/// `1 second`, `90 seconds`, `3 minutes`: never less than it is.
pub(crate) fn wait_in_words(seconds: u32) -> String {
    match seconds {
        0 | 1 => "1 second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// `1 unit`, `1,200 units`.
pub(crate) fn units_in_words(units: i64) -> String {
    format!("{} {}", grouped(units), if units == 1 { "unit" } else { "units" })
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., one] => format!("{} {last} {one}", before.join(", ")),
    }
}
