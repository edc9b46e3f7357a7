//! Lines of the file, gathered by invoice.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use csv::ByteRecord;
use domain::currency::Currency;
use domain::order::CustomerRequest;
use domain::quantity::Quantity;
use domain::text::Reference;
use domain::time::Timestamp;
use store::import::{PastKind, PastLine, PastOrder};

use super::super::online_retail::{Goods, RetailLine};
use super::super::rejects::Rejects;

/// How dates are written; they are taken as UTC.
const DATE_FORMAT: &str = "%m/%d/%Y %H:%M";

/// All invoices of a file, in the order in which they first appear. The lines of one need not stand
/// together.
#[derive(Debug)]
pub(super) struct Invoices {
    currency: Currency,
    invoices: Vec<Invoice>,
    places: HashMap<String, usize>,
}

/// The lines of one invoice that count.
#[derive(Debug)]
pub(super) struct Invoice {
    number: String,
    /// Of the first line that counts.
    head: Option<Head>,
    lines: Vec<PastLine>,
    /// The lines as they stand in the file, with their numbers, to be rejected if the whole invoice is.
    records: Vec<(u64, ByteRecord)>,
}

#[derive(Clone, Debug)]
struct Head {
    reference: Reference,
    placed_at: Timestamp,
    customer: Option<CustomerRequest>,
}

impl Invoices {
    pub(super) fn new(currency: Currency) -> Self {
        Self { currency, invoices: Vec::new(), places: HashMap::new() }
    }

    /// Adds a line to its invoice.
    ///
    /// # Errors
    /// Why the line does not count.
    pub(super) fn take(&mut self, number: u64, record: &ByteRecord) -> Result<(), String> {
        let line = RetailLine::read(record)?;
        let place = *self.places.entry(line.invoice.to_owned()).or_insert_with(|| {
            self.invoices.push(Invoice::new(line.invoice));
            self.invoices.len() - 1
        });
        let invoice = self.invoices.get_mut(place).ok_or("the invoice is not known")?;
        invoice.add(&line, self.currency)?;
        invoice.records.push((number, record.clone()));
        Ok(())
    }

    pub(super) fn count(&self) -> u64 {
        self.invoices.len() as u64
    }

    pub(super) fn into_invoices(self) -> Vec<Invoice> {
        self.invoices
    }
}

impl Invoice {
    fn new(number: &str) -> Self {
        Self { number: number.to_owned(), head: None, lines: Vec::new(), records: Vec::new() }
    }

    /// A cancelled invoice has a number that begins with C. It does not name the one it takes back.
    fn kind(&self) -> PastKind {
        if self.number.starts_with('C') { PastKind::Returned } else { PastKind::Delivered }
    }

    fn add(&mut self, line: &RetailLine<'_>, currency: Currency) -> Result<(), String> {
        let Goods { product, units } = line.goods(currency)?;
        let units = match self.kind() {
            PastKind::Delivered if units < 0 => {
                return Err("the quantity is below 0, and nothing is returned".to_owned());
            }
            PastKind::Returned if units > 0 => return Err("the quantity is above 0 on a return".to_owned()),
            PastKind::Delivered | PastKind::Returned => units.unsigned_abs(),
        };
        let head = Head::read(line)?;
        let same = |known: &&mut PastLine| known.sku == *product.sku() && known.unit_price == product.price();
        let same = self.lines.iter_mut().find(same);
        let known = same.as_ref().map_or(0, |known| known.quantity.get());
        let quantity = i64::try_from(units).ok().and_then(|units| units.checked_add(known));
        let quantity = Quantity::new(quantity.unwrap_or(i64::MAX)).map_err(|error| format!("the quantity {error}"))?;
        match same {
            Some(known) => {
                known.quantity = quantity;
                let named = (!line.description.is_empty()).then(|| product.name().clone());
                known.name = known.name.take().or(named);
            }
            None => self.lines.push(PastLine {
                sku: product.sku().clone(),
                name: (!line.description.is_empty()).then(|| product.name().clone()),
                unit_price: product.price(),
                quantity,
            }),
        }
        match &mut self.head {
            Some(known) => known.customer = known.customer.take().or(head.customer),
            None => self.head = Some(head),
        }
        Ok(())
    }

    pub(super) fn number(&self) -> &str {
        &self.number
    }

    /// How many lines of the file it is made of.
    pub(super) fn lines(&self) -> u64 {
        self.records.len() as u64
    }

    /// # Errors
    /// Why it can't be an order.
    pub(super) fn order(&self) -> Result<PastOrder, String> {
        let Some(Head { reference, placed_at, customer }) = self.head.clone() else {
            return Err("no line of the invoice counts".to_owned());
        };
        PastOrder::new(reference, self.kind(), customer, placed_at, self.lines.clone())
            .map_err(|error| error.to_string())
    }

    /// Leaves out all its lines.
    pub(super) fn reject(&self, reason: &str, rejects: &mut Rejects) -> anyhow::Result<()> {
        let reason = format!("invoice {}: {reason}", self.number);
        self.records.iter().try_for_each(|(number, record)| rejects.push(*number, &reason, record))
    }
}

impl Head {
    fn read(line: &RetailLine<'_>) -> Result<Self, String> {
        let reference = Reference::new(line.invoice).map_err(|error| format!("invoice number {error}"))?;
        let placed_at = NaiveDateTime::parse_from_str(line.date, DATE_FORMAT);
        let placed_at = placed_at.map_err(|_| format!("date {} is not MM/DD/YYYY HH:MM", line.date))?;
        let customer = match line.customer {
            "" => None,
            id => Some(CustomerRequest::new(None, None, Some(id)).map_err(|errors| {
                errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect::<Vec<_>>().join("; ")
            })?),
        };
        Ok(Self { reference, placed_at: Timestamp::new(placed_at.and_utc()), customer })
    }
}

#[cfg(test)]
mod tests {
    use csv::ReaderBuilder;

    use super::*;

    fn taken(lines: &[&str]) -> (Vec<Invoice>, Vec<String>) {
        let text = lines.join("\n");
        let mut invoices = Invoices::new(Currency::GBP);
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut reasons = Vec::new();
        for (number, record) in (2..).zip(reader.byte_records()) {
            if let Err(reason) = invoices.take(number, &record.unwrap()) {
                reasons.push(reason);
            }
        }
        (invoices.into_invoices(), reasons)
    }

    #[test]
    fn lines_of_one_invoice_need_not_stand_together_and_one_sku_at_two_prices_stays_two_lines() {
        let (invoices, reasons) = taken(&[
            "1,85123A,HEART,6,12/01/2010 08:26,2.55,17850,UK",
            "2,85123A,HEART,1,12/01/2010 08:30,2.55,,UK",
            "1,85123A,HEART,4,12/01/2010 08:26,2.55,17850,UK",
            "1,85123A,HEART,1,12/01/2010 08:26,2.95,17850,UK",
            "1,85123a,,1,12/01/2010 08:26,2.55,17850,UK",
        ]);
        assert!(reasons.is_empty(), "{reasons:?}");
        let lines = |invoice: &Invoice| -> Vec<(String, i64, i64)> {
            let line = |line: &PastLine| (line.sku.to_string(), line.unit_price.minor, line.quantity.get());
            invoice.lines.iter().map(line).collect()
        };
        let expected = [("85123A", 255, 10), ("85123A", 295, 1), ("85123a", 255, 1)];
        assert_eq!(lines(&invoices[0]), expected.map(|(sku, price, units)| (sku.to_owned(), price, units)));
        assert_eq!(invoices[0].lines[2].name, None);
        let head = invoices[0].head.clone().unwrap();
        assert_eq!(head.placed_at.to_string(), "2010-12-01T08:26:00.000Z");
        assert_eq!(head.customer.unwrap().reference.unwrap().as_str(), "17850");
        assert_eq!(invoices[1].head.clone().unwrap().customer, None);
    }

    #[test]
    fn an_invoice_with_c_is_a_return_of_the_absolute_quantities() {
        let (invoices, reasons) = taken(&[
            "C1,85123A,HEART,-6,12/01/2010 08:26,2.55,17850,UK",
            "C1,85123A,HEART,6,12/01/2010 08:26,2.55,17850,UK",
            "2,85123A,HEART,-6,12/01/2010 08:26,2.55,17850,UK",
        ]);
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert_eq!((invoices[0].kind(), invoices[0].lines[0].quantity.get()), (PastKind::Returned, 6));
        assert_eq!(invoices[1].order().unwrap_err(), "no line of the invoice counts");
    }

    #[test]
    fn what_does_not_count_is_said_line_by_line() {
        let (invoices, reasons) = taken(&[
            "1,POST,POSTAGE,1,12/01/2010 08:26,18,1,UK",
            "1,85123A,X,six,12/01/2010 08:26,1,1,UK",
            "1,85123A,X,1,2010-12-01 08:26,1,1,UK",
            "1,85123A,X,1000001,12/01/2010 08:26,1,1,UK",
            "1,85123A,X,-9223372036854775808,12/01/2010 08:26,1,1,UK",
            "1,85123A,X,1,12/01/2010 08:26,0,1,UK",
            ",85123A,X,1,12/01/2010 08:26,1,1,UK",
            "1,85123A,X",
        ]);
        assert_eq!(reasons.len(), 8, "{reasons:?}");
        assert!(invoices.iter().all(|invoice| invoice.order().is_err()));
    }

    #[test]
    fn an_order_has_a_thousand_lines_at_most() {
        let lines: Vec<String> =
            (0..1_001).map(|line| format!("1,{:05},X,1,12/01/2010 08:26,1,1,UK", 10_000 + line)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (invoices, reasons) = taken(&lines);
        assert!(reasons.is_empty());
        assert_eq!(invoices[0].order().unwrap_err(), "an order has 1 to 1000 lines, this has 1001");
        assert!(taken(&lines[..1_000]).0[0].order().is_ok());
    }
}
