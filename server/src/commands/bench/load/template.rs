//! A request made once, in which the key and the product change from one sending to the next.

use std::sync::atomic::{AtomicU64, Ordering};

use super::super::setting::PRODUCTS;
use crate::wire::Door;

/// What is asked for, again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    pub(crate) products: Products,
    /// The status that is an answer; every other one is an error.
    pub(crate) expected: u16,
}

/// Whose units are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Products {
    One(u32),
    /// Another one each time, of all.
    Any,
    /// Another one each time, of so many from a number on.
    Among {
        first: u32,
        count: u32,
    },
}

impl Asked {
    /// One unit of this product, which it has.
    pub(crate) const fn one(number: u32) -> Self {
        Self { products: Products::One(number), expected: 201 }
    }

    /// One unit of any product.
    pub(crate) const fn any() -> Self {
        Self { products: Products::Any, expected: 201 }
    }

    /// One unit of any of so many products from a number on.
    pub(crate) const fn among(first: u32, count: u32) -> Self {
        Self { products: Products::Among { first, count }, expected: 201 }
    }

    /// One unit of this product, which it has not.
    pub(crate) const fn refused(number: u32) -> Self {
        Self { products: Products::One(number), expected: 409 }
    }
}

/// The bytes of a request, and where in them the parts stand that change.
pub(crate) struct Template {
    bytes: Vec<u8>,
    key_at: usize,
    sku_at: usize,
    products: Products,
    /// The state of a small generator of numbers: which product comes next.
    state: u64,
}

const KEY: &str = "----------------";
const SKU: &str = "#####";

/// Keys that no other request of this process has. Each client takes a range.
static KEYS: AtomicU64 = AtomicU64::new(1);
const KEYS_OF_A_CLIENT: u64 = 1 << 32;

impl Template {
    pub(crate) fn new(door: &Door, asked: Asked) -> Self {
        // Held for the longest time there is, so that none ends while something else is measured.
        let body = format!(r#"{{"lines":[{{"sku":"BENCH-{SKU}","quantity":1}}],"ttl_seconds":3600}}"#);
        let bytes = door.change("POST", "/api/reservations", &format!("bench-{KEY}"), &body);
        let find = |text: &str| bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap_or(0);
        let (key_at, sku_at) = (find(KEY), find(SKU));
        let state = KEYS.fetch_add(1, Ordering::Relaxed).wrapping_mul(KEYS_OF_A_CLIENT);
        let mut template = Self { bytes, key_at, sku_at, products: asked.products, state };
        if let Products::One(number) = asked.products {
            template.write_sku(number);
        }
        template
    }

    /// The next request, under a key of its own.
    pub(crate) fn next(&mut self) -> &[u8] {
        self.state = self.state.wrapping_add(1);
        let mut key = self.state;
        for place in (0..KEY.len()).rev() {
            let digit = b"0123456789abcdef".get((key & 15) as usize).copied().unwrap_or(b'0');
            if let Some(byte) = self.bytes.get_mut(self.key_at + place) {
                *byte = digit;
            }
            key >>= 4;
        }
        let (first, count) = match self.products {
            Products::One(_) => return &self.bytes,
            Products::Any => (0, PRODUCTS),
            Products::Among { first, count } => (first, count),
        };
        let number = u32::try_from(scattered(self.state) % u64::from(count)).unwrap_or(0);
        self.write_sku(first + number);
        &self.bytes
    }

    /// Five decimal digits.
    fn write_sku(&mut self, mut number: u32) {
        for place in (0..SKU.len()).rev() {
            let digit = b"0123456789".get((number % 10) as usize).copied().unwrap_or(b'0');
            if let Some(byte) = self.bytes.get_mut(self.sku_at + place) {
                *byte = digit;
            }
            number /= 10;
        }
    }
}

/// Numbers in a row, far from each other (the finaliser of SplitMix64).
const fn scattered(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Credentials;

    #[test]
    fn each_request_has_a_key_of_its_own_and_the_same_length() {
        let door = Door::new("http://127.0.0.1:8000".parse().unwrap(), Credentials::default());
        let mut template = Template::new(&door, Asked::any());
        let (one, other) = (template.next().to_vec(), template.next().to_vec());
        assert_eq!(one.len(), other.len());
        assert_ne!(one, other);
        let text = String::from_utf8(other).unwrap();
        assert!(!text.contains(SKU) && !text.contains(KEY), "{text}");
        let mut fixed = Template::new(&door, Asked::one(7));
        assert!(String::from_utf8(fixed.next().to_vec()).unwrap().contains("BENCH-00007"));
    }
}
