//! What waits in a lane: bounded, and taken in turns, so that a product that everybody wants starves no
//! other.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Slot;

/// Entries by slot, each slot's in the order of their arrival.
#[derive(Debug)]
pub(super) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    filled: Notify,
    /// How many may wait in all; of one slot half as many, so that others still find room.
    entries_max: usize,
}

#[derive(Debug)]
struct Waiting<T> {
    slots: HashMap<Slot, VecDeque<T>>,
    /// The slots that wait, the next to be served first. Each stands here once.
    turns: VecDeque<Slot>,
    entries: usize,
    /// From how many entries on whoever waits for them is woken.
    wanted: usize,
    closed: bool,
}

/// There is no room, or the lane takes nothing more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Full;

impl<T> Queue<T> {
    pub(super) fn new(entries_max: usize) -> Self {
        let waiting = Waiting { slots: HashMap::new(), turns: VecDeque::new(), entries: 0, wanted: 1, closed: false };
        Self { waiting: Mutex::new(waiting), filled: Notify::new(), entries_max: entries_max.max(2) }
    }

    /// Puts an entry behind those of its slot.
    pub(super) fn push(&self, slot: Slot, entry: T) -> Result<(), Full> {
        let mut waiting = self.waiting();
        if waiting.closed || waiting.entries >= self.entries_max {
            return Err(Full);
        }
        match waiting.slots.get_mut(&slot) {
            Some(entries) if entries.len() >= self.entries_max / 2 => return Err(Full),
            Some(entries) => entries.push_back(entry),
            None => {
                waiting.slots.insert(slot, VecDeque::from([entry]));
                waiting.turns.push_back(slot);
            }
        }
        waiting.entries += 1;
        let is_awaited = waiting.entries >= waiting.wanted;
        drop(waiting);
        if is_awaited {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Waits until there is something, and takes up to `max` entries, one of each slot in turn. `None` once
    /// the queue is closed and empty.
    pub(super) async fn take(&self, max: usize) -> Option<Vec<T>> {
        loop {
            {
                let mut waiting = self.waiting();
                if waiting.entries > 0 {
                    return Some(waiting.take(max));
                }
                if waiting.closed {
                    return None;
                }
                waiting.wanted = 1;
            }
            self.filled.notified().await;
        }
    }

    /// Takes up to `max` entries of those that wait, if any do.
    pub(super) fn take_waiting(&self, max: usize) -> Vec<T> {
        self.waiting().take(max)
    }

    /// Waits until so many entries wait.
    pub(super) async fn filled(&self, wanted: usize) {
        loop {
            {
                let mut waiting = self.waiting();
                if waiting.entries >= wanted {
                    return;
                }
                waiting.wanted = wanted;
            }
            self.filled.notified().await;
        }
    }

    /// Takes nothing more. What waits already is still to be taken.
    pub(super) fn close(&self) {
        self.waiting().closed = true;
        self.filled.notify_one();
    }

    pub(super) fn len(&self) -> usize {
        self.waiting().entries
    }

    /// Nothing that holds this lock can panic halfway through a change.
    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Waiting<T> {
    fn take(&mut self, max: usize) -> Vec<T> {
        let mut taken = Vec::with_capacity(self.entries.min(max));
        while taken.len() < max {
            let Some(slot) = self.turns.pop_front() else { break };
            let Some(entries) = self.slots.get_mut(&slot) else { continue };
            taken.extend(entries.pop_front());
            if entries.is_empty() {
                self.slots.remove(&slot);
            } else {
                self.turns.push_back(slot);
            }
        }
        self.entries -= taken.len();
        taken
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::ProductId;
    use uuid::Uuid;

    use super::*;

    fn slot(number: u128) -> Slot {
        Slot::of_product(ProductId::from_uuid(Uuid::from_u128(number)))
    }

    #[tokio::test]
    async fn slots_take_turns_and_each_keeps_its_order() {
        let queue = Queue::new(100);
        for number in 0..5 {
            queue.push(slot(1), ("hot", number)).unwrap();
        }
        queue.push(slot(2), ("cold", 0)).unwrap();
        queue.push(slot(3), ("cool", 0)).unwrap();
        queue.push(slot(3), ("cool", 1)).unwrap();
        let first = queue.take(5).await.unwrap();
        assert_eq!(first, [("hot", 0), ("cold", 0), ("cool", 0), ("hot", 1), ("cool", 1)]);
        assert_eq!(queue.take(5).await.unwrap(), [("hot", 2), ("hot", 3), ("hot", 4)]);
        assert_eq!(queue.len(), 0);
    }

    #[tokio::test]
    async fn whoever_comes_last_is_served_next_where_the_others_wait_in_line() {
        let queue = Queue::new(1_000);
        for number in 0..400 {
            queue.push(slot(1), number).unwrap();
        }
        queue.push(slot(2), 1_000).unwrap();
        assert!(queue.take(2).await.unwrap().contains(&1_000));
    }

    #[tokio::test]
    async fn one_slot_may_fill_half_of_the_queue() {
        let queue = Queue::new(10);
        let hot = (0..20).filter(|number| queue.push(slot(1), *number).is_ok()).count();
        assert_eq!(hot, 5);
        let others = (2..20_u16).filter(|number| queue.push(slot(u128::from(*number)), 0).is_ok()).count();
        assert_eq!(others, 5);
        assert_eq!(queue.push(slot(99), 0), Err(Full));
        assert_eq!(queue.take(100).await.unwrap().len(), 10);
        assert_eq!(queue.push(slot(99), 0), Ok(()));
    }

    #[tokio::test]
    async fn a_closed_queue_gives_what_waits_and_takes_nothing_more() {
        let queue = Queue::new(10);
        queue.push(slot(1), 7).unwrap();
        queue.close();
        assert_eq!(queue.push(slot(1), 8), Err(Full));
        assert_eq!(queue.take(10).await, Some(vec![7]));
        assert_eq!(queue.take(10).await, None);
        assert_eq!(queue.take(10).await, None);
    }

    #[tokio::test]
    async fn who_waits_for_many_is_woken_by_the_last_of_them() {
        let queue = std::sync::Arc::new(Queue::new(100));
        let waiter = tokio::spawn({
            let queue = queue.clone();
            async move { queue.filled(3).await }
        });
        tokio::task::yield_now().await;
        for number in 0..3 {
            assert!(!waiter.is_finished());
            queue.push(slot(1), number).unwrap();
            tokio::task::yield_now().await;
        }
        waiter.await.unwrap();
        assert_eq!(queue.take_waiting(2), [0, 1]);
        assert_eq!(queue.take_waiting(2), [2]);
        assert_eq!(queue.take_waiting(2), [0; 0]);
        // Whoever waits for one after that is woken by one.
        let taker = tokio::spawn({
            let queue = queue.clone();
            async move { queue.take(10).await }
        });
        tokio::task::yield_now().await;
        queue.push(slot(1), 7).unwrap();
        assert_eq!(taker.await.unwrap(), Some(vec![7]));
    }

    #[tokio::test]
    async fn who_waits_for_something_is_woken_by_it() {
        let queue = std::sync::Arc::new(Queue::new(10));
        let taker = tokio::spawn({
            let queue = queue.clone();
            async move { queue.take(10).await }
        });
        tokio::task::yield_now().await;
        queue.push(slot(1), 7).unwrap();
        assert_eq!(taker.await.unwrap(), Some(vec![7]));
    }
}
