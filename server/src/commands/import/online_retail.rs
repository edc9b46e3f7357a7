//! Lines of the Online Retail data set (Chen, D., 2015, UCI Machine Learning Repository,
//! doi 10.24432/C5BW33): one line for each product on an invoice.

use csv::ByteRecord;

/// The columns, by their names in the file's first line.
pub(super) const COLUMNS: [&str; 8] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];

/// A line as it stands in the file.
#[derive(Debug)]
pub(super) struct RetailLine<'a> {
    pub(super) stock_code: &'a str,
    pub(super) description: &'a str,
    pub(super) quantity: &'a str,
    pub(super) unit_price: &'a str,
}

impl<'a> RetailLine<'a> {
    /// # Errors
    /// Why the line can't be read.
    pub(super) fn read(record: &'a ByteRecord) -> Result<Self, &'static str> {
        if record.len() != COLUMNS.len() {
            return Err("the line has not the columns of the first");
        }
        let field = |column: usize| {
            let bytes = record.get(column).unwrap_or_default();
            std::str::from_utf8(bytes).map(str::trim).map_err(|_| "the line is not UTF-8")
        };
        Ok(Self { stock_code: field(1)?, description: field(2)?, quantity: field(3)?, unit_price: field(5)? })
    }

    /// Whether the line is about goods: their codes begin with five digits. `POST`, `D`, `M` and the like
    /// are postage, discounts and corrections.
    pub(super) fn is_goods(&self) -> bool {
        let code = self.stock_code.as_bytes();
        code.len() >= 5 && code.iter().take(5).all(u8::is_ascii_digit)
    }
}
