//! Words that several pages use.

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
