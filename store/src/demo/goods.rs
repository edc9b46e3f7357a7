//! Names and prices of products and people that do not exist.

use domain::currency::Currency;
use domain::form::FieldErrors;
use domain::money::Money;
use domain::product::NewProduct;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

const COLOURS: [&str; 10] = ["Red", "Ivory", "Blue", "Green", "Black", "White", "Pink", "Silver", "Rustic", "Vintage"];
const MATERIALS: [&str; 10] =
    ["ceramic", "wooden", "metal", "glass", "cotton", "paper", "enamel", "felt", "wicker", "marble"];
const THINGS: [&str; 20] = [
    "mug",
    "lantern",
    "cushion",
    "clock",
    "candle holder",
    "tea towel",
    "lunch box",
    "photo frame",
    "doorstop",
    "jug",
    "tray",
    "hook",
    "bunting",
    "cake stand",
    "water bottle",
    "notebook",
    "coat rack",
    "bowl",
    "night light",
    "egg cup",
];
const FIRST_NAMES: [&str; 16] = [
    "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Niklaus", "Margaret", "Tony", "Radia", "Leslie",
    "Karen", "Dennis", "Hedy", "John",
];
const LAST_NAMES: [&str; 16] = [
    "Hart",
    "Okafor",
    "Lindqvist",
    "Moreau",
    "Tanaka",
    "Silva",
    "Novak",
    "Byrne",
    "Haddad",
    "Kowalski",
    "Rossi",
    "Nguyen",
    "Fischer",
    "Mehta",
    "Larsen",
    "Costa",
];
/// The logarithm of a price in pence: its mean and half its width, after the prices of the real file.
const PRICE_LOG_MEAN: f64 = 5.47;
const PRICE_LOG_HALF_WIDTH: f64 = 1.6;

/// The product with this number, from 1.
pub(super) fn product(seed: u64, number: u32) -> Result<NewProduct, FieldErrors> {
    let mut rng = StdRng::seed_from_u64(seed ^ u64::from(number));
    let name = format!("{} {} {}", pick(&mut rng, &COLOURS), pick(&mut rng, &MATERIALS), pick(&mut rng, &THINGS));
    let price = (PRICE_LOG_MEAN + rng.random_range(-PRICE_LOG_HALF_WIDTH..PRICE_LOG_HALF_WIDTH)).exp() as i64;
    NewProduct::new(&format!("DEMO-{number:05}"), &name, Money::new(price.max(1), Currency::GBP))
}

/// The name of the customer with this number.
pub(super) fn person(number: u64) -> String {
    let mut rng = StdRng::seed_from_u64(number);
    format!("{} {}", pick(&mut rng, &FIRST_NAMES), pick(&mut rng, &LAST_NAMES))
}

fn pick<'a>(rng: &mut StdRng, among: &[&'a str]) -> &'a str {
    among.get(rng.random_range(0..among.len())).copied().unwrap_or_default()
}
