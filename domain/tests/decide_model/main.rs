//! `decide` against an executable model: whatever is asked for, in whatever order, it does what the model
//! says, and the stock stays what the journal tells.

#![cfg(test)]

mod model;
mod operation;
mod world;

use domain::decide::{Answer, Decision, Refusal, State, Write, decide};
use domain::problem::Problem;
use domain::reservation::ReservationView;
use proptest::prelude::{Just, ProptestConfig, Strategy as _, proptest};

use model::{Hold, Model, units};
use operation::{Operation, Wanted, choice, lines, operations};
use world::{Ledger, command, reservation_id, time, turn};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_sequence_of_operations_does_what_the_model_says(operations in operations(60)) {
        let (mut state, mut model, mut ledger) = (world::state(), Model::default(), Ledger::default());
        for (step, operation) in operations.iter().enumerate() {
            let operation = &model.spelt_out(operation);
            if operation.is_command() {
                take(operation, step, &mut state, &mut model, &mut ledger);
            } else {
                turn(operation, &mut state, &mut model);
            }
            check(&state, &model, &ledger);
        }
    }

    #[test]
    fn a_batch_is_decided_as_its_commands_are_one_by_one(before in operations(20), batch in operations(20)) {
        let (mut state, mut model, mut ledger) = (world::state(), Model::default(), Ledger::default());
        for (step, operation) in before.iter().enumerate() {
            let operation = &model.spelt_out(operation);
            if operation.is_command() {
                take(operation, step, &mut state, &mut model, &mut ledger);
            } else {
                turn(operation, &mut state, &mut model);
            }
        }
        let batch: Vec<_> = batch.iter().map(|operation| model.spelt_out(operation)).collect();
        let batch: Vec<_> = batch.iter().filter(|operation| operation.is_command()).enumerate().collect();
        // Ids are made before anything is decided, so they need not be those of the model's next holds.
        let commands: Vec<_> = batch.iter().map(|(step, operation)| {
            let mut command = command(operation, &model, *step);
            if let domain::decide::CommandKind::Hold { id, .. } = &mut command.kind {
                *id = reservation_id(1_000 + step);
            }
            command
        }).collect();
        let (mut together, mut singly) = (state.clone(), state);
        let at_once = decide(&mut together, &commands);
        let one_by_one: Vec<_> =
            commands.iter().flat_map(|command| decide(&mut singly, std::slice::from_ref(command))).collect();
        assert_eq!(at_once, one_by_one);
        assert_eq!(together, singly);
    }

    #[test]
    fn the_order_of_its_lines_does_not_change_what_a_hold_takes(
        before in operations(20),
        (lines, shuffled) in lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        choice in choice(),
    ) {
        let (mut state, mut model, mut ledger) = (world::state(), Model::default(), Ledger::default());
        for (step, operation) in before.iter().enumerate() {
            let operation = &model.spelt_out(operation);
            if operation.is_command() {
                take(operation, step, &mut state, &mut model, &mut ledger);
            } else {
                turn(operation, &mut state, &mut model);
            }
        }
        let held = |lines: Vec<Wanted>| {
            let hold = command(&Operation::Hold { lines, choice, ttl_seconds: 60 }, &model, 1_000);
            let decision = decide(&mut state.clone(), &[hold]).remove(0).ok()?;
            let mut lines = reservation(&decision).reservation.lines.clone();
            lines.sort_by_key(|line| line.product_id);
            Some(lines)
        };
        assert_eq!(held(lines), held(shuffled));
    }
}

/// Decides one operation on both sides, and compares what came of it.
fn take(operation: &Operation, step: usize, state: &mut State, model: &mut Model, ledger: &mut Ledger) {
    let before = state.clone();
    let objections = model.objections(operation);
    let mut outcomes = decide(state, &[command(operation, model, step)]);
    assert_eq!(outcomes.len(), 1);
    match outcomes.remove(0) {
        Ok(decision) => {
            assert!(objections.is_empty(), "accepted in spite of {objections:?}");
            accepted(operation, &decision, model);
            decision.drafts.iter().for_each(|draft| ledger.append(draft));
            if decision.drafts.is_empty() {
                assert_eq!(*state, before, "changed without being told of");
                assert_eq!(decision.writes, []);
            }
        }
        Err(refusal) => {
            assert_eq!(*state, before, "changed by a refused command");
            let code = match &refusal {
                Refusal::Problem(problem) => problem.code(),
                Refusal::NotDue => "not_due",
                Refusal::Corrupt(reason) => panic!("corrupt: {reason}"),
            };
            assert!(objections.contains(code), "refused as {code}, the model has {objections:?}");
            if let (
                Operation::Transfer { from, lines, .. },
                Refusal::Problem(Problem::InsufficientStock { shortages }),
            ) = (operation, &refusal)
            {
                for shortage in shortages {
                    let product = (0..operation::PRODUCTS).find(|each| world::sku(*each) == shortage.sku.as_str());
                    let (product, place) =
                        (product.unwrap(), world::warehouse_number(shortage.warehouse.as_ref().unwrap()));
                    assert_eq!((place, shortage.requested), (*from, model::wanted(lines, product)));
                    assert_eq!(shortage.available, model.movable((product, *from)));
                }
            } else if let Refusal::Problem(Problem::InsufficientStock { shortages }) = &refusal {
                let (lines, own) = match operation {
                    Operation::Hold { lines, .. } => (lines, None),
                    Operation::Change { which, lines, .. } => (lines, model.meant(*which)),
                    other => panic!("{other:?} can't fall short"),
                };
                model.check_shortages(lines, own, shortages);
            }
        }
    }
}

/// Brings the model up to date with an accepted operation, checking what was answered.
fn accepted(operation: &Operation, decision: &Decision, model: &mut Model) {
    match operation {
        Operation::Hold { lines, choice, ttl_seconds } => {
            let view = reservation(decision);
            model.check_units(lines, *choice, None, view);
            let id = reservation_id(model.holds.len());
            assert_eq!(decision.writes, [Write::InsertReservation(id)]);
            model.holds.push(Hold {
                status: "held",
                ordered: false,
                choice: *choice,
                units: units(view),
                created_at: model.now,
                expires_at: model.now + ttl_seconds * 1_000,
            });
        }
        Operation::Change { which, lines, choice, ttl_seconds } => {
            let (number, view) = (model.meant(*which).unwrap(), reservation(decision));
            let choice = choice.unwrap_or(model.holds[number].choice);
            model.check_units(lines, choice, Some(number), view);
            let (now, hold) = (model.now, &mut model.holds[number]);
            hold.choice = choice;
            hold.units = units(view);
            hold.expires_at = ttl_seconds.map_or(hold.expires_at, |seconds| now + seconds * 1_000);
        }
        Operation::Extend { which, ttl_seconds } => {
            let number = model.meant(*which).unwrap();
            let (now, hold) = (model.now, &mut model.holds[number]);
            hold.expires_at = hold.expires_at.max(now + ttl_seconds * 1_000);
            assert_eq!(reservation(decision).reservation.expires_at, time(hold.expires_at));
        }
        Operation::Release { which } => {
            let number = model.meant(*which).unwrap();
            model.holds[number].status = "released";
        }
        Operation::Expire { which } => {
            let number = model.meant(*which).unwrap();
            model.holds[number].status = "expired";
        }
        Operation::Adjust { product, warehouse, delta, .. } => {
            *model.on_hand.entry((*product, *warehouse)).or_default() += delta;
            let Answer::Product(view) = &decision.answer else { panic!("an adjustment answers with the product") };
            let on_hand =
                (0..operation::WAREHOUSES).filter_map(|each| model.on_hand.get(&(*product, each))).sum::<i64>();
            assert_eq!(view.total().on_hand, on_hand);
        }
        Operation::Transfer { from, to, lines } => {
            for line in lines {
                *model.on_hand.entry((line.product, *from)).or_default() -= line.quantity;
                *model.on_hand.entry((line.product, *to)).or_default() += line.quantity;
            }
            let Answer::Transfer(view) = &decision.answer else { panic!("a transfer answers with what moved") };
            let moved: i64 = view.lines.iter().map(|line| line.quantity).sum();
            assert_eq!(moved, lines.iter().map(|line| line.quantity).sum::<i64>());
            for draft in &decision.drafts {
                assert_eq!(draft.change_id, view.change_id);
                let moves: Vec<_> = draft.entries.iter().filter_map(|entry| entry.stock.as_ref()).collect();
                assert_eq!(moves.len(), 2, "out of one warehouse and into another");
                assert_eq!(moves.iter().map(|stock| stock.on_hand_delta).sum::<i64>(), 0);
                assert!(moves.iter().all(|stock| stock.reserved_delta == 0));
            }
        }
        other => unreachable!("{other:?} is not for decide"),
    }
}

fn reservation(decision: &Decision) -> &ReservationView {
    match &decision.answer {
        Answer::Reservation(view) => view,
        Answer::Product(_) | Answer::Order(_) | Answer::Transfer(_) => panic!("a reservation was to be answered"),
    }
}

/// What holds after every step.
fn check(state: &State, model: &Model, ledger: &Ledger) {
    for (key, row) in &state.stock {
        let place = (world::product_number(key.product_id), world::warehouse_number(&key.warehouse));
        let (on_hand, reserved) = (row.level.on_hand, row.level.reserved);
        assert!(0 <= reserved && reserved <= on_hand, "{place:?} is oversold: {row:?}");
        assert_eq!(ledger.rows.get(&place), Some(&(on_hand, reserved, row.version)), "the journal of {place:?}");
        assert_eq!(model.on_hand.get(&place), Some(&on_hand), "{place:?}");
        assert_eq!(model.reserved(place), reserved, "{place:?}");
    }
    assert_eq!(state.stock.len(), ledger.rows.len());
    assert_eq!(state.reservations.len(), model.holds.len());
    for (number, hold) in model.holds.iter().enumerate() {
        let reservation = &state.reservations[&reservation_id(number)];
        assert_eq!(reservation.status.as_str(), hold.status);
        assert_eq!((reservation.created_at, reservation.expires_at), (time(hold.created_at), time(hold.expires_at)));
        assert_eq!(units(&reservation.clone().view(state.now)), hold.units);
    }
}
