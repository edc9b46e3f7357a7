//! Keyset pages: how long one is, and the opaque cursor that says where the next begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How many items a page holds: 1 to 200, 50 if nothing was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limit(u8);

/// The number was outside 1 to 200.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 200")]
pub struct LimitError;

/// Which way a cursor leads, in the order of its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Direction {
    #[serde(rename = "n")]
    Next,
    #[serde(rename = "p")]
    Prev,
}

/// A place in a list: before or after the item with `key`. `binding` is the [`binding`] of the list's
/// filter and sort, so that a cursor can't be used with others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cursor<K> {
    #[serde(rename = "d")]
    pub direction: Direction,
    #[serde(rename = "k")]
    pub key: K,
    #[serde(rename = "b")]
    pub binding: u64,
}

/// Why a cursor was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    #[error("the cursor is broken: use it as it was given, or begin at the first page")]
    Bad,
    #[error("the cursor belongs to another filter or sort: begin at the first page")]
    Mismatch,
}

/// One page of a list, and the cursors that lead on from it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
    pub prev: Option<String>,
}

impl Limit {
    pub const MAX: u8 = 200;

    /// # Errors
    /// [`LimitError`] outside 1 to [`Self::MAX`].
    pub fn new(items: i64) -> Result<Self, LimitError> {
        match u8::try_from(items) {
            Ok(items @ 1..=Self::MAX) => Ok(Self(items)),
            _ => Err(LimitError),
        }
    }

    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// One more than a page holds: whether it arrives tells whether there is more.
    pub const fn and_one(self) -> i64 {
        self.0 as i64 + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<K: Serialize + DeserializeOwned> Cursor<K> {
    /// The opaque text; empty where the key can't be written, which no key of ours is.
    pub fn encode(&self) -> String {
        serde_json::to_vec(self).map(|json| URL_SAFE_NO_PAD.encode(json)).unwrap_or_default()
    }

    /// # Errors
    /// [`CursorError`] where the text is no cursor, or one of another list.
    pub fn decode(text: &str, binding: u64) -> Result<Self, CursorError> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Bad)?;
        let cursor: Cursor<serde_json::Value> = serde_json::from_slice(&json).map_err(|_| CursorError::Bad)?;
        if cursor.binding != binding {
            return Err(CursorError::Mismatch);
        }
        let key = serde_json::from_value(cursor.key).map_err(|_| CursorError::Bad)?;
        Ok(Self { direction: cursor.direction, key, binding })
    }
}

impl<T> Page<T> {
    /// Makes the page from rows read in the cursor's direction, with [`Limit::and_one`] as their most.
    pub fn from_rows<K: Serialize + DeserializeOwned>(
        mut rows: Vec<T>,
        limit: Limit,
        cursor: Option<&Cursor<K>>,
        binding: u64,
        key_of: impl Fn(&T) -> K,
    ) -> Self {
        let has_more = rows.len() > limit.get();
        rows.truncate(limit.get());
        let backward = cursor.is_some_and(|cursor| cursor.direction == Direction::Prev);
        if backward {
            rows.reverse();
        }
        let (more_before, more_after) = if backward { (has_more, true) } else { (cursor.is_some(), has_more) };
        let lead =
            |item: Option<&T>, direction| item.map(|item| Cursor { direction, key: key_of(item), binding }.encode());
        let prev = lead(rows.first().filter(|_| more_before), Direction::Prev);
        let next = lead(rows.last().filter(|_| more_after), Direction::Next);
        Self { items: rows, next, prev }
    }

    pub fn map<U>(self, map: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(map).collect(), next: self.next, prev: self.prev }
    }
}

/// A short, stable name for a list with its filter and sort (FNV-1a, 64 bit).
pub fn binding(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0xFF]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    // Within 2^53, so that every JSON reader gives it back unchanged.
    hash >> 11
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(numbers: &[i32], limit: i64, cursor: Option<&Cursor<i32>>) -> Page<i32> {
        let limit = Limit::new(limit).unwrap();
        let mut rows: Vec<i32> = match cursor {
            None => numbers.to_vec(),
            Some(Cursor { direction: Direction::Next, key, .. }) => {
                numbers.iter().copied().filter(|number| number > key).collect()
            }
            Some(Cursor { direction: Direction::Prev, key, .. }) => {
                numbers.iter().rev().copied().filter(|number| number < key).collect()
            }
        };
        rows.truncate(limit.get() + 1);
        Page::from_rows(rows, limit, cursor, 7, |number| *number)
    }

    #[test]
    fn walking_on_and_back_shows_every_item_once() {
        let numbers: Vec<i32> = (0..10).collect();
        let mut walked = Vec::new();
        let mut page = page_of(&numbers, 3, None);
        assert_eq!(page.prev, None);
        loop {
            walked.extend(page.items.clone());
            let Some(next) = page.next else { break };
            page = page_of(&numbers, 3, Some(&Cursor::decode(&next, 7).unwrap()));
        }
        assert_eq!(walked, numbers);
        let mut back = page.items;
        let mut prev = page.prev;
        while let Some(text) = prev {
            let page = page_of(&numbers, 3, Some(&Cursor::decode(&text, 7).unwrap()));
            back.splice(0..0, page.items);
            prev = page.prev;
        }
        assert_eq!(back, numbers);
    }

    #[test]
    fn a_cursor_of_another_list_and_a_broken_one_are_told_apart() {
        let text = Cursor { direction: Direction::Next, key: 3, binding: 7 }.encode();
        assert_eq!(Cursor::<i32>::decode(&text, 8), Err(CursorError::Mismatch));
        for text in ["", "!", "bm90IGpzb24", &text[1..]] {
            assert_eq!(Cursor::<i32>::decode(text, 7), Err(CursorError::Bad), "{text:?}");
        }
    }

    #[test]
    fn a_limit_is_one_to_two_hundred() {
        assert_eq!(Limit::default().get(), 50);
        assert!(Limit::new(200).is_ok());
        for items in [0, -1, 201, i64::MAX] {
            assert_eq!(Limit::new(items), Err(LimitError));
        }
    }
}
