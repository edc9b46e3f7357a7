//! The filter as people type it: amounts in major units, and what is left empty narrows nothing.

use serde::{Deserialize, Serialize};

use super::{OrderFilter, OrderQuery, OrderSort, moment, sort, take, take_statuses};
use crate::currency::Currency;
use crate::form::{FieldErrors, Fields};
use crate::money::Money;
use crate::text::Email;
use crate::time::Timestamp;

const DAY_MILLISECONDS: i64 = 86_400_000;

/// The filter form of the page, as typed; its query string is the page's state. Amounts are named `min`
/// and `max` here: the API's `min_total` counts minor units, and one address must not mean two amounts.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct OrderFilterForm {
    pub status: Vec<String>,
    pub from: String,
    pub to: String,
    pub min: String,
    pub max: String,
    pub customer: String,
    pub sort: String,
}

impl OrderFilterForm {
    /// The form as a query string has it. Parameters of other names are left alone; one that may stand
    /// there once is the last of its name.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            let field = match name {
                "status" => {
                    form.status.push(value.to_owned());
                    continue;
                }
                "from" => &mut form.from,
                "to" => &mut form.to,
                "min" => &mut form.min,
                "max" => &mut form.max,
                "customer" => &mut form.customer,
                "sort" => &mut form.sort,
                _ => continue,
            };
            value.clone_into(field);
        }
        form
    }

    /// The form that [`Self::parse`] reads as this query.
    pub fn of(query: &OrderQuery, currency: Currency) -> Self {
        let OrderQuery { filter, sort } = query;
        let OrderFilter { statuses, from, to, min_total_minor, max_total_minor, customer } = filter;
        let moment = |at: &Option<Timestamp>| at.map(typed).unwrap_or_default();
        let amount =
            |minor: &Option<i64>| minor.map(|minor| Money::new(minor, currency).to_major()).unwrap_or_default();
        Self {
            status: statuses.iter().map(|status| status.to_string()).collect(),
            from: moment(from),
            to: moment(to),
            min: amount(min_total_minor),
            max: amount(max_total_minor),
            customer: customer.as_ref().map(Email::to_string).unwrap_or_default(),
            sort: sort.said().unwrap_or_default().to_owned(),
        }
    }

    /// The query. A date means its midnight in UTC; amounts are major units of `currency`.
    ///
    /// # Errors
    /// One error for each field: `status`, `from`, `to`, `min`, `max`, `customer`, `sort`.
    pub fn parse(&self, currency: Currency) -> Result<OrderQuery, FieldErrors> {
        let mut fields = Fields::default();
        let amount = |text| Money::parse_major(text, currency).map(|money| money.minor);
        let words: Vec<String> = self.status.iter().filter(|word| !word.is_empty()).cloned().collect();
        let query = OrderQuery {
            filter: OrderFilter {
                statuses: take_statuses(&mut fields, &words),
                from: take(&mut fields, "from", given(&self.from), moment),
                to: take(&mut fields, "to", given(&self.to), moment),
                min_total_minor: take(&mut fields, "min", given(&self.min), amount),
                max_total_minor: take(&mut fields, "max", given(&self.max), amount),
                customer: take(&mut fields, "customer", given(&self.customer), Email::new),
            },
            sort: take(&mut fields, "sort", given(&self.sort), sort).unwrap_or_default(),
        };
        let filter = &query.filter;
        match filter.from.zip(filter.to) {
            Some((from, to)) if from > to => fields.refuse("from", "may not be after the end of the range"),
            // The API answers with nothing; a person who types one day twice means that day.
            Some((from, to)) if from == to => fields.refuse("to", "is not part of the range: take the next day"),
            Some(_) | None => {}
        }
        if filter.totals_cross() {
            fields.refuse("min", "may not be above the greatest total");
        }
        fields.finish(|| Some(query))
    }

    /// The fields that say something, for a link: [`Self::from_pairs`] reads them back.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let Self { status, from, to, min, max, customer, sort } = self;
        let sort = if sort == OrderSort::default().as_str() { "" } else { sort };
        let once =
            [("from", from.as_str()), ("to", to), ("min", min), ("max", max), ("customer", customer), ("sort", sort)];
        let statuses = status.iter().map(|word| ("status", word.as_str()));
        statuses.chain(once).filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// What was typed, if anything was.
fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// A midnight as its date, as the calendar of an input field takes it; another moment in full.
fn typed(at: Timestamp) -> String {
    if at.unix_milliseconds() % DAY_MILLISECONDS == 0 {
        at.as_datetime().format("%Y-%m-%d").to_string()
    } else {
        at.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{Pairs, queries};
    use super::*;

    proptest! {
        #[test]
        fn a_link_means_the_query_it_was_made_of(query in queries(), code in prop::sample::select(vec!["GBP", "JPY", "KWD"])) {
            let OrderFilter { from, to, .. } = query.filter;
            prop_assume!(from.is_none() || from != to);
            let currency: Currency = code.parse().unwrap();
            let form = OrderFilterForm::of(&query, currency);
            prop_assert_eq!(form.parse(currency), Ok(query));
            prop_assert_eq!(OrderFilterForm::from_pairs(form.pairs()), form);
        }
    }

    #[test]
    fn a_form_is_read_as_people_type_it() {
        let form = OrderFilterForm::from_pairs([
            ("status", ""),
            ("status", "pending"),
            ("from", " 2026-11-22 "),
            ("to", ""),
            ("min", "1,234.5"),
            ("max", "1"),
            ("max", "2000"),
            ("customer", " Anna@Example.com "),
            ("sort", "newest"),
            ("cursor", "x"),
        ]);
        let query = form.parse(Currency::GBP).unwrap();
        let again = OrderFilterForm::of(&query, Currency::GBP);
        let expected = [
            ("status", "pending"),
            ("from", "2026-11-22"),
            ("min", "1234.50"),
            ("max", "2000.00"),
            ("customer", "anna@example.com"),
        ];
        assert_eq!(again.pairs(), expected);
        assert_eq!(OrderFilterForm::default().parse(Currency::GBP), Ok(OrderQuery::default()));
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        let cases: [(Pairs, &[&str]); 10] = [
            (&[("status", "held")], &["status"]),
            (&[("from", "22.11.2026")], &["from"]),
            (&[("from", "2026-11-23"), ("to", "2026-11-22")], &["from"]),
            (&[("from", "2026-11-22"), ("to", "2026-11-22")], &["to"]),
            (&[("min", "-1")], &["min"]),
            (&[("max", "12,50")], &["max"]),
            (&[("min", "12.51"), ("max", "12.5")], &["min"]),
            (&[("min", "12.505")], &["min"]),
            (&[("customer", "anna")], &["customer"]),
            (&[("sort", "oldest"), ("to", "x")], &["to", "sort"]),
        ];
        for (pairs, expected) in cases {
            let errors = OrderFilterForm::from_pairs(pairs.iter().copied()).parse(Currency::GBP).unwrap_err();
            let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, expected, "{pairs:?}");
        }
    }
}
