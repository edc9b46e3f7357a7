//! An order as a row of a table for spreadsheets. What customers and shops wrote themselves is made safe:
//! a spreadsheet takes a cell that begins like a formula for one (OWASP, "CSV Injection").

use super::OrderSummary;
use crate::text::{Email, Name, Reference};

/// The heads of the columns. `total` is in major units, without separators.
pub const CSV_HEADER: [&str; 13] = [
    "number",
    "id",
    "status",
    "placed_at",
    "updated_at",
    "customer_email",
    "customer_name",
    "customer_reference",
    "reference",
    "items",
    "currency",
    "total",
    "reservation_id",
];

/// The cells of an order, under [`CSV_HEADER`]. Quotes and separators are the writer's to escape.
pub fn csv_row(order: &OrderSummary) -> [String; CSV_HEADER.len()] {
    let OrderSummary {
        id,
        number,
        status,
        customer,
        currency,
        total,
        items,
        reservation_id,
        reference,
        version: _,
        placed_at,
        updated_at,
    } = order;
    let customer = customer.as_ref();
    [
        number.to_string(),
        id.to_string(),
        status.to_string(),
        placed_at.to_string(),
        updated_at.to_string(),
        guarded(customer.and_then(|customer| customer.email.as_ref()).map_or("", Email::as_str)),
        guarded(customer.and_then(|customer| customer.name.as_ref()).map_or("", Name::as_str)),
        guarded(customer.and_then(|customer| customer.reference.as_ref()).map_or("", Reference::as_str)),
        guarded(reference.as_ref().map_or("", Reference::as_str)),
        items.to_string(),
        currency.to_string(),
        total.to_major(),
        reservation_id.map(|id| id.to_string()).unwrap_or_default(),
    ]
}

/// The text with a `'` before all that would begin a formula: at its start, and after each `;`, where
/// spreadsheets of many countries begin a new cell whatever the quotes say.
fn guarded(text: &str) -> String {
    let mut cells = text.split(';').map(|cell| {
        let starts = cell.trim_start_matches('"').starts_with(begins_formula);
        if starts { format!("'{cell}") } else { cell.to_owned() }
    });
    let first = cells.next().unwrap_or_default();
    cells.fold(first, |row, cell| row + ";" + &cell)
}

/// Full-width characters too: spreadsheets take them for the narrow ones.
fn begins_formula(char: char) -> bool {
    matches!(char, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::currency::Currency;
    use crate::money::Money;
    use crate::order::{Customer, OrderNumber, OrderStatus};

    #[test]
    fn what_would_begin_a_formula_is_made_text() {
        let cases = [
            ("", ""),
            ("Anna", "Anna"),
            ("a=b", "a=b"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("\n=1", "'\n=1"),
            ("＝1", "'＝1"),
            ("\"=1\"", "'\"=1\""),
            ("a;=1;b;\"@x", "a;'=1;b;'\"@x"),
            ("a,=1", "a,=1"),
            ("'=1", "'=1"),
        ];
        for (text, expected) in cases {
            assert_eq!(guarded(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_head() {
        let order = OrderSummary {
            id: "019a0000-0000-7000-8000-000000000001".parse().unwrap(),
            number: OrderNumber::new(1_042),
            status: OrderStatus::Shipped,
            customer: Some(Customer {
                id: "019a0000-0000-7000-8000-000000000002".parse().unwrap(),
                email: Some(Email::new("+anna@example.com").unwrap()),
                name: Some(Name::new("=HYPERLINK(\"http://evil\")").unwrap()),
                reference: None,
            }),
            currency: Currency::GBP,
            total: Money::new(123_456, Currency::GBP),
            items: 1_200,
            reservation_id: None,
            reference: Some(Reference::new("-17").unwrap()),
            version: 3,
            placed_at: "2026-11-22T17:12:52Z".parse().unwrap(),
            updated_at: "2026-11-23T09:00:00.5Z".parse().unwrap(),
        };
        let expected = [
            "1042",
            "019a0000-0000-7000-8000-000000000001",
            "shipped",
            "2026-11-22T17:12:52.000Z",
            "2026-11-23T09:00:00.500Z",
            "'+anna@example.com",
            "'=HYPERLINK(\"http://evil\")",
            "",
            "'-17",
            "1200",
            "GBP",
            "1234.56",
            "",
        ];
        assert_eq!(csv_row(&order), expected);
    }
}
