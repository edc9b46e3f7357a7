//! Which orders a list shows, and in which order: from the words of a query string to typed bounds, and
//! back to the words. The browser checks a filter with the same code as the server.

mod form;

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

pub use form::OrderFilterForm;

use super::OrderStatus;
use crate::form::{FieldErrors, Fields};
use crate::page;
use crate::text::Email;
use crate::time::Timestamp;

/// Which orders a list shows; what is empty or `None` does not narrow it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct OrderFilter {
    /// Orders of any of these; of all, where it is empty.
    pub statuses: BTreeSet<OrderStatus>,
    /// Placed at this moment or later.
    pub from: Option<Timestamp>,
    /// Placed before this moment.
    pub to: Option<Timestamp>,
    /// At least this much, in minor units of whatever currency.
    pub min_total_minor: Option<i64>,
    /// At most this much, in minor units of whatever currency.
    pub max_total_minor: Option<i64>,
    /// Of the customer with this address.
    pub customer: Option<Email>,
}

/// In which order a list shows orders. Those that are equal go by their ids.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OrderSort {
    /// The last to be placed comes first.
    #[default]
    Newest,
    /// The greatest total comes first.
    Highest,
}

/// A list of orders: which, and in which order.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct OrderQuery {
    pub filter: OrderFilter,
    pub sort: OrderSort,
}

/// The parameters of a query string that say which orders, before they are checked.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OrderQueryInput {
    pub status: Vec<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub min_total: Option<String>,
    pub max_total: Option<String>,
    pub customer: Option<String>,
    pub sort: Option<String>,
}

/// The text names no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a date such as 2026-11-22 or a time such as 2026-11-22T17:12:52Z")]
struct MomentError;

/// The text is no number of minor units.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of minor units, 0 or more, such as 1250 for 12.50")]
struct MinorError;

impl OrderQuery {
    /// Reads the parameters of the API. A date means its midnight in UTC; totals are minor units.
    ///
    /// # Errors
    /// One error for each parameter that is not acceptable, under its own name.
    pub fn parse(input: &OrderQueryInput) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let query = Self {
            filter: OrderFilter {
                statuses: take_statuses(&mut fields, &input.status),
                from: take(&mut fields, "from", input.from.as_deref(), moment),
                to: take(&mut fields, "to", input.to.as_deref(), moment),
                min_total_minor: take(&mut fields, "min_total", input.min_total.as_deref(), minor),
                max_total_minor: take(&mut fields, "max_total", input.max_total.as_deref(), minor),
                customer: take(&mut fields, "customer", input.customer.as_deref(), Email::new),
            },
            sort: take(&mut fields, "sort", input.sort.as_deref(), sort).unwrap_or_default(),
        };
        let filter = &query.filter;
        if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
            fields.refuse("from", "may not be after to");
        }
        if filter.totals_cross() {
            fields.refuse("min_total", "may not be above max_total");
        }
        fields.finish(|| Some(query))
    }

    /// The parameters of the API that [`Self::parse`] reads back as this, in one order; what goes without
    /// saying is not said.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let Self { filter, sort } = self;
        let OrderFilter { statuses, from, to, min_total_minor, max_total_minor, customer } = filter;
        let mut pairs: Vec<(&'static str, String)> =
            statuses.iter().map(|status| ("status", status.to_string())).collect();
        let said = |name, value: Option<String>| value.map(|value| (name, value));
        pairs.extend(said("from", from.map(|at| at.to_string())));
        pairs.extend(said("to", to.map(|at| at.to_string())));
        pairs.extend(said("min_total", min_total_minor.map(|minor| minor.to_string())));
        pairs.extend(said("max_total", max_total_minor.map(|minor| minor.to_string())));
        pairs.extend(said("customer", customer.as_ref().map(Email::to_string)));
        pairs.extend(said("sort", sort.said().map(str::to_owned)));
        pairs
    }

    /// What a cursor of this list is bound to: the same for equal queries, however they were written.
    pub fn binding(&self) -> u64 {
        let pairs = self.pairs();
        let mut parts = vec!["orders"];
        parts.extend(pairs.iter().flat_map(|(name, value)| [*name, value.as_str()]));
        page::binding(&parts)
    }
}

impl OrderFilter {
    /// Whether it narrows nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn totals_cross(&self) -> bool {
        self.min_total_minor.zip(self.max_total_minor).is_some_and(|(min, max)| min > max)
    }
}

impl OrderSort {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The word for a query string; none for what no word means.
    fn said(self) -> Option<&'static str> {
        (self != Self::default()).then_some(self.as_str())
    }
}

/// A value that may be left out, or its error.
fn take<'a, T, E: fmt::Display>(
    fields: &mut Fields,
    name: &str,
    text: Option<&'a str>,
    read: impl Fn(&'a str) -> Result<T, E>,
) -> Option<T> {
    fields.take(name, read(text?))
}

fn take_statuses(fields: &mut Fields, words: &[String]) -> BTreeSet<OrderStatus> {
    let parsed: Result<_, _> = words.iter().map(|word| word.parse::<OrderStatus>()).collect();
    parsed.unwrap_or_else(|_| {
        let known: Vec<&str> = OrderStatus::VARIANTS.iter().map(|status| status.as_str()).collect();
        fields.refuse("status", format!("must be one of {}, once for each", known.join(", ")));
        BTreeSet::new()
    })
}

fn sort(text: &str) -> Result<OrderSort, &'static str> {
    text.parse().map_err(|_| "must be newest or highest")
}

fn minor(text: &str) -> Result<i64, MinorError> {
    // The standard library would take a sign.
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().map_err(|_| MinorError) } else { Err(MinorError) }
}

/// A date is its midnight in UTC. What is finer than a millisecond is rounded up: placed times are whole
/// milliseconds, so one lies at or after the bound where it lies at or after the next millisecond.
fn moment(text: &str) -> Result<Timestamp, MomentError> {
    let at = match date(text) {
        Some(date) => date.and_time(NaiveTime::MIN).and_utc(),
        None => DateTime::parse_from_rfc3339(text).map_err(|_| MomentError)?.to_utc(),
    };
    let cut = Timestamp::new(at);
    let next = Timestamp::from_unix_milliseconds(cut.unix_milliseconds() + 1).ok_or(MomentError)?;
    let bound = if cut.as_datetime() < at { next } else { cut };
    // An offset can lead out of the years that have four digits.
    if is_writable(bound.as_datetime()) { Ok(bound) } else { Err(MomentError) }
}

fn is_writable(at: DateTime<Utc>) -> bool {
    (0..=9_999).contains(&at.year())
}

/// `2026-11-22`, and nothing looser.
fn date(text: &str) -> Option<NaiveDate> {
    let digits_and_dashes = text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.len() == 10 && digits_and_dashes { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn input(pairs: Pairs) -> OrderQueryInput {
        let mut input = OrderQueryInput::default();
        for (name, value) in pairs {
            let value = (*value).to_owned();
            match *name {
                "status" => input.status.push(value),
                "from" => input.from = Some(value),
                "to" => input.to = Some(value),
                "min_total" => input.min_total = Some(value),
                "max_total" => input.max_total = Some(value),
                "customer" => input.customer = Some(value),
                "sort" => input.sort = Some(value),
                name => panic!("there is no parameter {name}"),
            }
        }
        input
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Any query that can be asked.
    pub(super) fn queries() -> impl Strategy<Value = OrderQuery> {
        let moment = || {
            let days = (-719_528..2_932_896_i64).prop_map(|days| days * 86_400_000);
            let any = -62_167_219_200_000..253_402_300_800_000_i64;
            prop::option::of(prop_oneof![days, any].prop_map(|at| Timestamp::from_unix_milliseconds(at).unwrap()))
        };
        let minor = || prop::option::of(prop_oneof![0..100_000_i64, 0..=i64::MAX]);
        let statuses = prop::collection::btree_set(prop::sample::select(OrderStatus::VARIANTS), 0..=8);
        let customer = prop::option::of("[a-z0-9&=+;%äß]{1,20}@[a-z0-9&=#.]{1,10}");
        (statuses, moment(), moment(), minor(), minor(), customer, any::<bool>()).prop_map(
            |(statuses, from, to, min, max, customer, highest)| {
                let (from, to) = if from.zip(to).is_some_and(|(from, to)| from > to) { (to, from) } else { (from, to) };
                let (min, max) = if min.zip(max).is_some_and(|(min, max)| min > max) { (max, min) } else { (min, max) };
                let customer = customer.map(|text| Email::new(text).unwrap());
                let filter = OrderFilter { statuses, from, to, min_total_minor: min, max_total_minor: max, customer };
                OrderQuery { filter, sort: if highest { OrderSort::Highest } else { OrderSort::Newest } }
            },
        )
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back(query in queries()) {
            let pairs = query.pairs();
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let read = OrderQuery::parse(&input(&pairs)).unwrap();
            prop_assert_eq!(read.binding(), query.binding());
            prop_assert_eq!(read, query);
        }

        #[test]
        fn a_moment_is_read_or_refused_and_never_a_panic(text in "[0-9TZ:.+-]{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}.?") {
            let _ = moment(&text);
        }

        #[test]
        fn a_bound_finer_than_a_millisecond_parts_the_same_moments(nanos in 0..3_000_000_u32, offset in 0..4_i64) {
            let finer = DateTime::from_timestamp(1_700_000_000, nanos).unwrap();
            let bound = moment(&finer.to_rfc3339()).unwrap();
            let placed = Timestamp::from_unix_milliseconds(1_700_000_000_000 + offset).unwrap();
            prop_assert_eq!(placed >= bound, placed.as_datetime() >= finer);
        }
    }

    #[test]
    fn parameters_are_read_as_they_are_documented() {
        let query = OrderQuery::parse(&input(&[
            ("status", "shipped"),
            ("status", "pending"),
            ("status", "shipped"),
            ("from", "2026-11-22"),
            ("to", "2026-11-23T01:00:00+01:00"),
            ("min_total", "0"),
            ("max_total", "1250"),
            ("customer", "Anna@Example.com"),
            ("sort", "highest"),
        ]));
        let filter = OrderFilter {
            statuses: [OrderStatus::Pending, OrderStatus::Shipped].into(),
            from: Some(at("2026-11-22T00:00:00Z")),
            to: Some(at("2026-11-23T00:00:00Z")),
            min_total_minor: Some(0),
            max_total_minor: Some(1_250),
            customer: Some(Email::new("anna@example.com").unwrap()),
        };
        assert_eq!(query, Ok(OrderQuery { filter, sort: OrderSort::Highest }));
        assert_eq!(OrderQuery::parse(&OrderQueryInput::default()), Ok(OrderQuery::default()));
    }

    #[test]
    fn each_parameter_that_is_wrong_is_named() {
        let cases: [(Pairs, &[&str]); 26] = [
            (&[("status", "held")], &["status"]),
            (&[("status", "pending"), ("status", "Pending")], &["status"]),
            (&[("status", "pending,shipped")], &["status"]),
            (&[("status", "")], &["status"]),
            (&[("from", "")], &["from"]),
            (&[("from", "yesterday")], &["from"]),
            (&[("from", "2026-02-30")], &["from"]),
            (&[("from", "2026-2-3")], &["from"]),
            (&[("from", "+2026-02-3")], &["from"]),
            (&[("from", "2026-11-22T17:12")], &["from"]),
            (&[("to", "2026-11-22T17:12:52")], &["to"]),
            (&[("to", "9999-12-31T23:59:59.9999Z")], &["to"]),
            (&[("to", "9999-12-31T23:59:59-01:00")], &["to"]),
            (&[("to", "0000-01-01T00:00:00+01:00")], &["to"]),
            (&[("from", "2026-11-23"), ("to", "2026-11-22")], &["from"]),
            (&[("from", "2026-11-22"), ("to", "2026-11-22")], &[]),
            (&[("min_total", "-1")], &["min_total"]),
            (&[("min_total", "+1")], &["min_total"]),
            (&[("min_total", "")], &["min_total"]),
            (&[("min_total", "12.50")], &["min_total"]),
            (&[("max_total", "99999999999999999999")], &["max_total"]),
            (&[("min_total", "2"), ("max_total", "1")], &["min_total"]),
            (&[("min_total", "1"), ("max_total", "1")], &[]),
            (&[("customer", "anna")], &["customer"]),
            (&[("sort", "lowest")], &["sort"]),
            (
                &[("status", "x"), ("from", "x"), ("to", "x"), ("min_total", "x"), ("max_total", "x"), ("sort", "x")],
                &["status", "from", "to", "min_total", "max_total", "sort"],
            ),
        ];
        for (pairs, expected) in cases {
            let errors = OrderQuery::parse(&input(pairs)).err().unwrap_or_default();
            let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, expected, "{pairs:?}");
        }
    }

    #[test]
    fn queries_that_differ_are_bound_apart() {
        let queries = [
            &[][..],
            &[("sort", "highest")],
            &[("status", "pending")],
            &[("status", "pending"), ("status", "shipped")],
            &[("from", "2026-11-22")],
            &[("to", "2026-11-22")],
            &[("min_total", "1")],
            &[("max_total", "1")],
            &[("customer", "a@b")],
        ];
        let bindings: BTreeSet<u64> =
            queries.iter().map(|pairs| OrderQuery::parse(&input(pairs)).unwrap().binding()).collect();
        assert_eq!(bindings.len(), queries.len());
    }
}
