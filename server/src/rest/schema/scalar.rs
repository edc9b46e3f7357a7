//! Texts and numbers with the bounds that the domain gives them.
//!
//! The patterns are read by programs in several languages: they use nothing but classes of characters of
//! the basic plane. What the domain refuses beyond it (invisible characters of the others) is a documented
//! refusal.
//!
//! All of them stand in one file, long as it is: they are looked up here by name, and none has any logic.

use std::borrow::Cow;

use domain::account::{Password as DomainPassword, Role as DomainRole};
use domain::currency::Currency as DomainCurrency;
use domain::idempotency::IdempotencyKey as DomainKey;
use domain::journal::{Action as DomainAction, Subject};
use domain::order::OrderStatus as DomainOrderStatus;
use domain::page::Limit as DomainLimit;
use domain::product::{LOW_STOCK_THRESHOLD_MAX, PRICE_MINOR_MAX};
use domain::quantity::{Quantity as DomainQuantity, StockDelta as DomainDelta};
use domain::reservation::{LIFE_SECONDS_MAX, ReservationStatus as DomainReservationStatus};
use domain::sku::Sku as DomainSku;
use domain::text;
use domain::warehouse::{PRIORITY_MAX, WarehouseCode as DomainWarehouseCode};
use serde_json::Value;
use strum::VariantArray as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// Characters that show nothing or change what stands beside them: no code or reference has one.
macro_rules! invisible {
    () => {
        concat!(
            r"\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f",
            r"\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\ufff0-\ufffb\ufffe\uffff"
        )
    };
}
/// Characters that no text in one line has.
macro_rules! control {
    () => {
        r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
    };
}
/// Spaces of all kinds, with which no text begins or ends.
macro_rules! space {
    () => {
        r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
    };
}

/// A code that people compare by eye, with so many characters between the first and the last.
macro_rules! code {
    ($between:literal) => {
        concat!(
            "[^",
            r"\u0020",
            invisible!(),
            "]([^",
            invisible!(),
            "]",
            $between,
            "[^",
            r"\u0020",
            invisible!(),
            "])?"
        )
    };
}
macro_rules! id {
    () => {
        "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    };
}
/// The name of an order: its number or its id.
macro_rules! order_name {
    () => {
        concat!("([1-9][0-9]{0,17}|", id!(), ")")
    };
}

pub(crate) const CODE_PATTERN: &str = concat!("^", code!("*"), "$");
/// One line that people read.
pub(crate) const LINE_PATTERN: &str =
    concat!("^[^", space!(), control!(), "]([^", control!(), "]*[^", space!(), control!(), "])?$");
/// One line or several, with something to see.
pub(crate) const NOTE_PATTERN: &str = concat!(
    r"^([^\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\r\n)*",
    r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
    r"([^\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\r\n)*$"
);
pub(crate) const EMAIL_PATTERN: &str =
    concat!("^[^@", r"\u0020", invisible!(), "]+@[^@", r"\u0020", invisible!(), "]+$");
pub(crate) const KEY_PATTERN: &str = "^[!-~]([ -~]*[!-~])?$";
const TIME_PATTERN: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$";
const MOMENT_PATTERN: &str =
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$";
pub(crate) const ACTOR_PATTERN: &str = concat!("^(local|system:[a-z_]+|(user|key):", id!(), ")$");
/// A SKU has 64 characters at most, a warehouse's code 16.
pub(crate) const SUBJECT_PATTERN: &str = concat!(
    "^(product:",
    code!("{0,62}"),
    "|warehouse:",
    code!("{0,14}"),
    "|order:",
    order_name!(),
    "|(warehouse|reservation|user|key):",
    id!(),
    ")$"
);
const ORDER_PATTERN: &str = concat!("^", order_name!(), "$");

macro_rules! scalar {
    ($(#[doc = $doc:literal])+ $name:ident = $schema:expr) => {
        $(#[doc = $doc])+
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.description(Some(concat!($($doc, "\n"),+).trim())).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

scalar! {
    /// What a shop calls a product by. Case-sensitive; `.` and `..` are refused.
    Sku = text(DomainSku::MAX_CHARS, CODE_PATTERN, "MUG-1")
}
scalar! {
    /// A name as people read it, in any script.
    Name = text(text::Name::MAX_CHARS, LINE_PATTERN, "Enamel mug")
}
scalar! {
    /// Whom a reservation is for, in the caller's own words. A label to find it by, never a right to it.
    Owner = text(text::Owner::MAX_CHARS, LINE_PATTERN, "cart-1")
}
scalar! {
    /// An address to write to, kept in lower case.
    Email = text(text::Email::MAX_CHARS, EMAIL_PATTERN, "ada@example.com")
}
scalar! {
    /// What a shop calls its own order or customer.
    Reference = text(text::Reference::MAX_CHARS, CODE_PATTERN, "web-1042")
}
scalar! {
    /// What somebody writes on an order, in one line or several.
    NoteText = text(text::NoteText::MAX_CHARS, NOTE_PATTERN, "Rings the bell twice.")
}
scalar! {
    /// The code that names a warehouse everywhere. It never changes; `.` and `..` are refused.
    WarehouseCode = text(DomainWarehouseCode::MAX_CHARS, CODE_PATTERN, "MAIN")
}
scalar! {
    /// Which warehouse is drawn on first: 1 before 2. Among equals, the code decides.
    Priority = whole(1, i64::from(PRIORITY_MAX)).examples([2])
}
scalar! {
    /// A warehouse's code.
    WarehouseName = string().min_length(Some(1)).examples(["BER"])
}
scalar! {
    /// The key under which a request may be sent again and is carried out once.
    IdempotencyKey = text(DomainKey::MAX_CHARS, KEY_PATTERN, "cart-1042-pay")
}
scalar! {
    /// A currency of ISO 4217.
    Currency = words(DomainCurrency::all().map(DomainCurrency::code)).examples(["GBP"])
}
scalar! {
    /// A moment in UTC, in milliseconds.
    Time = string().format(known(KnownFormat::DateTime)).pattern(Some(TIME_PATTERN)).examples(["2026-11-22T17:12:52.123Z"])
}
scalar! {
    /// A date, which means its midnight in UTC, or a time of RFC 3339 with its offset.
    Moment = string().pattern(Some(MOMENT_PATTERN)).examples(["2026-11-22", "2026-11-22T17:12:52Z"])
}
scalar! {
    /// A time of RFC 3339 with its offset.
    Instant = string().format(known(KnownFormat::DateTime)).examples(["2026-11-22T17:12:52Z"])
}
scalar! {
    /// An id, in its hyphenated form.
    Id = string().format(Some(SchemaFormat::Custom("uuid".to_owned()))).examples(["019a0000-0000-7000-8000-000000000001"])
}
scalar! {
    /// Who did something: `user:ID`, `key:ID`, `system:NAME`, or `local` before there was sign-in.
    Actor = string().pattern(Some(ACTOR_PATTERN)).examples(["system:expiry"])
}
scalar! {
    /// Where a page begins, as another page gave it.
    Cursor = string().examples(["eyJkIjoibiIsImsiOlsi"])
}
scalar! {
    /// Units that one line asks for.
    Quantity = whole(1, DomainQuantity::MAX).examples([6])
}
scalar! {
    /// A change of what is on hand: above zero for units that came, below it for units that went.
    StockDelta = whole(-DomainDelta::MAX, DomainDelta::MAX).examples([10])
}
scalar! {
    /// Seconds that units are held for.
    Ttl = whole(1, LIFE_SECONDS_MAX).examples([600])
}
scalar! {
    /// A price in minor units (pence, cents).
    PriceMinor = whole(0, PRICE_MINOR_MAX).examples([1299])
}
scalar! {
    /// At or below this many available units a product counts as nearly sold out.
    LowStockThreshold = whole(0, LOW_STOCK_THRESHOLD_MAX).examples([5])
}
scalar! {
    /// How many items a page holds.
    Limit = whole(1, i64::from(DomainLimit::MAX)).default(Some(DomainLimit::default().get().into())).examples([50])
}
scalar! {
    /// A total in minor units, of whatever currency.
    TotalMinor = whole(0, i64::MAX).examples([1250])
}
scalar! {
    /// Rises with every change.
    Version = whole(1, i64::MAX).examples([3])
}
scalar! {
    /// Where an entry stands in the journal.
    Position = whole(0, i64::MAX).examples([1042])
}
scalar! {
    /// A count of units.
    Units = whole(0, i64::MAX).examples([10])
}
scalar! {
    /// By how many units a count rose, or fell.
    UnitsChange = whole(i64::MIN, i64::MAX).examples([-6])
}
scalar! {
    /// What an entry of the journal is about, as `kind:id`. A product's SKU, an order's number or a warehouse's code
    /// will do for the id; `.` and `..` are refused, as they are there.
    SubjectText = string().pattern(Some(SUBJECT_PATTERN)).examples(["order:1042"])
}
scalar! {
    /// The kind of what an entry is about.
    SubjectKind = words(Subject::KINDS).examples(["order"])
}
scalar! {
    /// What a user or a key may do; each role contains the ones before it.
    Role = words(DomainRole::VARIANTS.iter().map(ToString::to_string)).examples(["operator"])
}
scalar! {
    /// A password. Of what is often used or easily guessed none is taken.
    Password = string()
        .min_length(Some(DomainPassword::MIN_CHARS))
        .max_length(Some(DomainPassword::MAX_CHARS))
        .examples(["correct horse battery staple"])
}
scalar! {
    /// Where an order stands.
    OrderStatus = words(DomainOrderStatus::VARIANTS.iter().map(|status| status.as_str())).examples(["confirmed"])
}
scalar! {
    /// What became of a reservation.
    ReservationStatus = words(DomainReservationStatus::VARIANTS.iter().map(|status| status.as_str())).examples(["held"])
}
scalar! {
    /// What was done, as `noun.verb` in the past.
    Action = words(DomainAction::VARIANTS.iter().map(|action| action.as_str())).examples(["order.shipped"])
}
scalar! {
    /// Whether products that were taken off sale are shown.
    Archived = words(["without", "only", "with"]).default(Some("without".into()))
}
scalar! {
    /// Which reservation comes first.
    ReservationSort = words(["soonest", "latest"]).default(Some("soonest".into()))
}
scalar! {
    /// Which order comes first.
    OrderSort = words(["newest", "highest"]).default(Some("newest".into()))
}
scalar! {
    /// A product's SKU or id.
    ProductName = string().min_length(Some(1)).examples(["MUG-1"])
}
scalar! {
    /// An order's number or id.
    OrderName = string().pattern(Some(ORDER_PATTERN)).examples(["1"])
}
scalar! {
    /// The version of an order as an entity tag, or `*` for any.
    VersionTag = string().pattern(Some(r#"^(\*|[0-9]{1,18}|"[0-9]{1,18}")$"#)).examples(["\"3\""])
}
scalar! {
    /// Entity tags, separated by commas.
    EntityTags = string().examples(["\"3\""])
}
scalar! {
    /// How warehouses are chosen for what no line has named one for: by their priority, the fullest first,
    /// or as few as can be.
    Strategy = words(["priority", "most_stock", "fewest_splits"]).examples(["priority"])
}
scalar! {
    /// Why units are taken from a warehouse.
    AllocationReason = words(["named", "only_warehouse", "priority", "most_stock", "fewest_splits"]).examples(["priority"])
}
scalar! {
    /// What happened to units: they came in (`delta` above 0), were counted (either way), or are lost (below 0).
    StockReason = words(["received", "adjusted", "written_off"]).examples(["received"])
}

/// The shapes of parameters in paths, which are not collected from the routes.
pub(crate) fn in_paths() -> Vec<(String, RefOr<Schema>)> {
    fn named<T: ToSchema>() -> (String, RefOr<Schema>) {
        (T::name().into_owned(), T::schema())
    }
    vec![named::<ProductName>(), named::<WarehouseName>(), named::<OrderName>(), named::<Id>()]
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn known(format: KnownFormat) -> Option<SchemaFormat> {
    Some(SchemaFormat::KnownFormat(format))
}

fn text(max_chars: usize, pattern: &str, example: &str) -> ObjectBuilder {
    string().min_length(Some(1)).max_length(Some(max_chars)).pattern(Some(pattern)).examples([example])
}

fn words<W: Into<Value>>(words: impl IntoIterator<Item = W>) -> ObjectBuilder {
    string().enum_values(Some(words))
}

fn whole(min: i64, max: i64) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(known(KnownFormat::Int64))
        .minimum(Some(min))
        .maximum(Some(max))
}

#[cfg(test)]
mod tests {
    use domain::actor::Actor as DomainActor;
    use domain::journal::SubjectRef;
    use domain::order::OrderRef;
    use jsonschema::Validator;
    use proptest::prelude::{Strategy as Generator, any, prop, prop_assert, prop_assert_eq, prop_oneof};
    use proptest::test_runner::TestRunner;

    use super::*;

    fn validator<T: PartialSchema>() -> Validator {
        jsonschema::validator_for(&serde_json::to_value(T::schema()).unwrap()).unwrap()
    }

    /// Texts of the basic plane that are likely to lie on a border of what is acceptable.
    fn texts(alphabet: &str, max_chars: usize) -> impl Generator<Value = String> + use<> {
        let border = prop::sample::select(vec![
            '\0', '\t', '\n', '\r', ' ', '\u{7f}', '\u{85}', '\u{a0}', '\u{ad}', '\u{61c}', '\u{1160}', '\u{1680}',
            '\u{180e}', '\u{200b}', '\u{200a}', '\u{2028}', '\u{202e}', '\u{2066}', '\u{3000}', '\u{3164}', '\u{fe0f}',
            '\u{feff}', '\u{fffe}', '.', '@', '"', 'Z',
        ]);
        let plain = prop::sample::select(alphabet.chars().collect::<Vec<_>>());
        let any = any::<char>().prop_filter("of the basic plane", |char| u32::from(*char) <= 0xFFFF);
        let short = prop::collection::vec(prop_oneof![4 => plain.clone(), 1 => border, 1 => any], 0..12);
        let long = prop::collection::vec(plain, max_chars - 1..=max_chars + 2);
        prop_oneof![9 => short, 1 => long].prop_map(|chars| chars.into_iter().collect())
    }

    /// What is documented of a text must be what becomes of it.
    fn agree<T: PartialSchema>(alphabet: &str, max_chars: usize, is_taken: impl Fn(&str) -> bool) {
        agree_after::<T>("", alphabet, max_chars, is_taken);
    }

    /// The same of texts that begin like this.
    fn agree_after<T: PartialSchema>(
        beginning: &str,
        alphabet: &str,
        max_chars: usize,
        is_taken: impl Fn(&str) -> bool,
    ) {
        let validator = validator::<T>();
        let result = TestRunner::default().run(&texts(alphabet, max_chars), |text| {
            let text = format!("{beginning}{text}");
            let is_documented = validator.is_valid(&Value::String(text.clone()));
            prop_assert_eq!(is_documented, is_taken(&text), "{:?}", text);
            Ok(())
        });
        result.unwrap();
    }

    #[test]
    fn texts_are_documented_as_they_are_taken() {
        // These two are refused by words of the description.
        agree::<Sku>("aB 1/é", 64, |text| matches!(text, "." | "..") || DomainSku::new(text).is_ok());
        agree::<WarehouseCode>("aB 1/é", 16, |text| {
            matches!(text, "." | "..") || DomainWarehouseCode::new(text).is_ok()
        });
        agree::<Reference>("aB 1/é", 100, |text| text::Reference::new(text).is_ok());
        agree::<Name>("aB 1/é", 200, |text| text::Name::new(text).is_ok());
        agree::<Owner>("aB 1/é", 200, |text| text::Owner::new(text).is_ok());
        agree::<Email>("ab@.", 254, |text| text::Email::new(text).is_ok());
        // Blanks at the ends do not arrive: HTTP takes them off.
        agree::<IdempotencyKey>("ab ~", 255, |text| text.trim() == text && DomainKey::new(text).is_ok());
    }

    /// Of notes, blanks at the ends are taken off and line ends made one before they are counted.
    #[test]
    fn notes_that_are_documented_are_taken() {
        let validator = validator::<NoteText>();
        let result = TestRunner::default().run(&texts("ab\n", 2_000), |text| {
            let is_documented = validator.is_valid(&Value::String(text.clone()));
            let is_plain = text.trim() == text && !text.contains('\r');
            prop_assert!(!is_documented || text::NoteText::new(text.as_str()).is_ok(), "{:?}", text);
            prop_assert!(is_documented || !is_plain || text::NoteText::new(text.as_str()).is_err(), "{:?}", text);
            Ok(())
        });
        result.unwrap();
    }

    #[test]
    fn names_of_things_are_documented_as_they_are_taken() {
        let id = "019a0000-0000-7000-8000-000000000001";
        let (actor, subject, order) = (validator::<Actor>(), validator::<SubjectText>(), validator::<OrderName>());
        let words = ["local", "system:expiry", "system:", "robot", "user:1", "Local", ""].map(str::to_owned);
        let kinds =
            ["user", "key", "product", "warehouse", "reservation", "order", "cart"].map(|kind| format!("{kind}:{id}"));
        for text in words.into_iter().chain(kinds) {
            let value = Value::String(text.clone());
            assert_eq!(actor.is_valid(&value), text.parse::<DomainActor>().is_ok(), "{text}");
            assert_eq!(subject.is_valid(&value), text.parse::<SubjectRef>().is_ok(), "{text}");
        }
        for text in ["order:1042", "order:01", "order:x", "reservation:1", "user:ada@example.com", "Product:A", "MAIN"]
        {
            let is_documented = subject.is_valid(&Value::String(text.to_owned()));
            assert_eq!(is_documented, text.parse::<SubjectRef>().is_ok(), "{text}");
        }
        // These two are refused by words of the description.
        let is_taken = |text: &str| text.ends_with(":.") || text.ends_with(":..") || text.parse::<SubjectRef>().is_ok();
        agree_after::<SubjectText>("product:", "aB 1/é:", 64, is_taken);
        agree_after::<SubjectText>("warehouse:", "aB 1/é:", 16, is_taken);
        for text in ["1", "0", "01", "-1", "1042", "x", "", id] {
            assert_eq!(order.is_valid(&Value::String(text.to_owned())), OrderRef::parse(text).is_some(), "{text}");
        }
    }
}
