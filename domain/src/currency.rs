//! Currencies of ISO 4217, with the number of digits of their minor unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The active codes of ISO 4217 (2024) that name money people pay with, in alphabetical order.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD \
CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD \
HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD \
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR \
RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS \
UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

/// The codes whose minor unit is the major one: there are no cents of a yen.
const WITHOUT_MINOR: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// The codes with a thousand minor units in a major one.
const WITH_THREE_DIGITS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// A currency: three letters of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Currency(&'static str);

/// The text was not the code of an active currency, in capitals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a currency code of ISO 4217, such as GBP")]
pub struct CurrencyError;

impl Currency {
    pub const GBP: Self = Self("GBP");
    pub const EUR: Self = Self("EUR");
    pub const USD: Self = Self("USD");

    pub const fn code(self) -> &'static str {
        self.0
    }

    /// Digits of the minor unit: 2 for GBP (pence), 0 for JPY, 3 for KWD.
    pub fn minor_digits(self) -> u32 {
        let among = |codes: &str| codes.split(' ').any(|code| code == self.0);
        match self.0 {
            "CLF" => 4,
            _ if among(WITHOUT_MINOR) => 0,
            _ if among(WITH_THREE_DIGITS) => 3,
            _ => 2,
        }
    }

    /// Every currency, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Self> {
        CODES.split(' ').map(Self)
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        Self::all().find(|currency| currency.0 == text).ok_or(CurrencyError)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_capitals_only() {
        assert_eq!("GBP".parse(), Ok(Currency::GBP));
        for text in ["gbp", "GB", "GBPX", "", "XXX", "GBP "] {
            assert_eq!(text.parse::<Currency>(), Err(CurrencyError), "{text:?}");
        }
    }

    #[test]
    fn every_code_of_the_lists_is_a_currency() {
        for code in WITHOUT_MINOR.split(' ').chain(WITH_THREE_DIGITS.split(' ')) {
            assert!(code.parse::<Currency>().is_ok(), "{code}");
        }
        assert!(Currency::all().all(|currency| currency.code().len() == 3));
    }
}
