//! Words that several pages use.

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
