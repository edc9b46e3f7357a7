//! Those who follow the final entries, found by what they follow: a thousand who each follow a product cost
//! an entry one look-up, not a thousand comparisons.

mod mailbox;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ids::ProductId;
use domain::problem::Problem;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

pub(super) use mailbox::{Mailbox, Taken};

use super::Told;
use super::follow::Followed;
use crate::error::StoreError;

/// All followers of a server.
#[derive(Debug)]
pub(super) struct Followers {
    index: Mutex<Index>,
    /// Up to where entries were told of; `None` until the first of them is known to be final. Written with
    /// the index locked.
    told_to: watch::Sender<Option<i64>>,
    places: Arc<Semaphore>,
    closed: watch::Sender<bool>,
}

#[derive(Default, Debug)]
struct Index {
    all: Vec<Arc<Mailbox>>,
    by_product: HashMap<ProductId, Vec<Arc<Mailbox>>>,
    /// Those who name no product.
    by_subject: HashMap<Uuid, Vec<Arc<Mailbox>>>,
}

impl Index {
    fn is_empty(&self) -> bool {
        self.all.is_empty() && self.by_product.is_empty() && self.by_subject.is_empty()
    }
}

impl Followers {
    /// There is room for so many at once.
    pub(super) fn new(followers_max: usize) -> Self {
        Self {
            index: Mutex::default(),
            told_to: watch::Sender::new(None),
            places: Arc::new(Semaphore::new(followers_max.min(Semaphore::MAX_PERMITS))),
            closed: watch::Sender::new(false),
        }
    }

    /// A place for one more.
    ///
    /// # Errors
    /// `busy` where there is none, or the server is stopping.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok().filter(|_| !*self.closed.borrow());
        place.ok_or(StoreError::Refused(Problem::Busy { retry_after_seconds: 5 }))
    }

    pub(super) fn told_to(&self) -> watch::Receiver<Option<i64>> {
        self.told_to.subscribe()
    }

    pub(super) fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Ends all followers, and takes no new ones.
    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Lets a follower in. It is told of everything above the position that comes back.
    pub(super) fn join(&self, followed: &Followed) -> (Arc<Mailbox>, Option<i64>) {
        let mut index = self.lock();
        let mailbox = Arc::new(Mailbox::new(followed));
        if !followed.products.is_empty() {
            index.by_product.join(&followed.products, &mailbox);
        } else if !followed.subjects.is_empty() {
            index.by_subject.join(&followed.subjects, &mailbox);
        } else {
            index.all.push(Arc::clone(&mailbox));
        }
        (mailbox, *self.told_to.borrow())
    }

    pub(super) fn leave(&self, followed: &Followed, mailbox: &Arc<Mailbox>) {
        let mut index = self.lock();
        if !followed.products.is_empty() {
            index.by_product.leave(&followed.products, mailbox);
        } else if !followed.subjects.is_empty() {
            index.by_subject.leave(&followed.subjects, mailbox);
        } else {
            index.all.retain(|other| !Arc::ptr_eq(other, mailbox));
        }
    }

    /// Tells of the next entries; with them, everything up to `to` was told of.
    pub(super) fn tell(&self, entries: &[Arc<Told>], to: i64) {
        let index = self.lock();
        for mailbox in &index.all {
            mailbox.put(entries);
        }
        index.by_product.tell(entries, |told| told.product_id);
        index.by_subject.tell(entries, |told| Some(told.entry.subject.id()));
        self.told_to.send_replace(Some(to));
    }

    /// Whether there is nobody to be told.
    pub(super) fn are_none(&self) -> bool {
        self.lock().is_empty()
    }

    /// Goes on to `to` where there is nobody to be told of what lies before it. Whether that is so.
    pub(super) fn pass(&self, to: i64) -> bool {
        let index = self.lock();
        if index.is_empty() {
            self.told_to.send_if_modified(|told_to| told_to.replace(to) != Some(to));
        }
        index.is_empty()
    }

    /// Tells everybody that entries up to `to` were missed.
    pub(super) fn missed(&self, to: i64) {
        let index = self.lock();
        let narrowed = index.by_product.values().chain(index.by_subject.values()).flatten();
        for mailbox in index.all.iter().chain(narrowed) {
            mailbox.missed(to);
        }
        self.told_to.send_replace(Some(to));
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Mailboxes by something that an entry has one of.
trait Narrowed<K> {
    fn join<'a>(&mut self, keys: impl IntoIterator<Item = &'a K>, mailbox: &Arc<Mailbox>)
    where
        K: 'a;
    fn leave<'a>(&mut self, keys: impl IntoIterator<Item = &'a K>, mailbox: &Arc<Mailbox>)
    where
        K: 'a;
    fn tell(&self, entries: &[Arc<Told>], key: impl Fn(&Told) -> Option<K>);
}

impl<K: Copy + Eq + Hash> Narrowed<K> for HashMap<K, Vec<Arc<Mailbox>>> {
    fn join<'a>(&mut self, keys: impl IntoIterator<Item = &'a K>, mailbox: &Arc<Mailbox>)
    where
        K: 'a,
    {
        for key in keys {
            self.entry(*key).or_default().push(Arc::clone(mailbox));
        }
    }

    fn leave<'a>(&mut self, keys: impl IntoIterator<Item = &'a K>, mailbox: &Arc<Mailbox>)
    where
        K: 'a,
    {
        for key in keys {
            if let Some(mailboxes) = self.get_mut(key) {
                mailboxes.retain(|other| !Arc::ptr_eq(other, mailbox));
                if mailboxes.is_empty() {
                    self.remove(key);
                }
            }
        }
    }

    fn tell(&self, entries: &[Arc<Told>], key: impl Fn(&Told) -> Option<K>) {
        if self.is_empty() {
            return;
        }
        let mut wanted: HashMap<K, Vec<Arc<Told>>> = HashMap::new();
        for told in entries {
            if let Some(key) = key(told).filter(|key| self.contains_key(key)) {
                wanted.entry(key).or_default().push(Arc::clone(told));
            }
        }
        for (key, entries) in wanted {
            for mailbox in self.get(&key).into_iter().flatten() {
                mailbox.put(&entries);
            }
        }
    }
}
