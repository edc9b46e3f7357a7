//! What one buyer does, each in a way of its own ([`Way`]): each wants one unit.

use std::sync::Arc;
use std::time::Duration;

use domain::chaos::Square;
use domain::time::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::buyer::{Answer, Buyer, Leaving, Unanswered};
use super::crowd::Run;
use super::way::Way;

/// The shortest time that a hold can have.
const SHORT_SECONDS: u32 = 1;
/// Long enough to order at leisure.
const LONG_SECONDS: u32 = 60;
/// Nobody who means to go away stays longer.
const PATIENCE_MAX: Duration = Duration::from_secs(1);
/// How far from the deadline a late payer may be, either way.
const LATE_MILLISECONDS: u64 = 10;

/// What a buyer was told in the end.
#[derive(Debug)]
enum Told {
    /// Has a reservation, or an order.
    Given(Value),
    /// There is none left, or the hold was over and its unit sold.
    SoldOut,
    /// Nobody should be told this.
    Odd(String),
    /// The run was told to stop.
    Stopped,
}

/// One buyer, to the end or to where only time goes on. `twin` is a second connection, for those who need
/// two.
pub(super) async fn attempt(run: &Arc<Run>, buyer: &mut Buyer<'_>, twin: &mut Buyer<'_>, number: u32) {
    match Way::of(number) {
        Way::OneStep => buy(run, buyer, number, 0).await,
        Way::TwoSteps => hold_then_pay(run, buyer, number).await,
        Way::Twins => twins(run, buyer, twin, number).await,
        Way::Leaves => leave(run, buyer, number).await,
        Way::CutOff => cut_off(run, buyer, number).await,
        Way::PaysLate => hold_short(run, buyer, number, pay_late).await,
        Way::Forgets => hold_short(run, buyer, number, forget).await,
        Way::LetsGo => let_go(run, buyer, number).await,
    }
}

/// Buys in one step. `round` is how often this buyer was refused before: each time is another request.
pub(super) async fn buy(run: &Run, buyer: &mut Buyer<'_>, number: u32, round: u32) {
    let request = order(run, buyer, number, round);
    let answer = buyer.ask(&request, Some(number)).await;
    bought(run, number, answer);
}

async fn hold_then_pay(run: &Run, buyer: &mut Buyer<'_>, number: u32) {
    let Some(reservation) = hold(run, buyer, number, LONG_SECONDS).await else { return };
    pay(run, buyer, number, &reservation).await;
}

async fn twins(run: &Run, buyer: &mut Buyer<'_>, twin: &mut Buyer<'_>, number: u32) {
    let request = order(run, buyer, number, 0);
    // The second one may knock at another server's door.
    let same = order(run, twin, number, 0);
    let (one, other) = tokio::join!(buyer.ask(&request, None), twin.ask(&same, None));
    let (one, other) = match (one, other) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(unanswered), _) | (_, Err(unanswered)) => return bought(run, number, Err(unanswered)),
    };
    {
        let mut story = run.story();
        story.twins.requests += 1;
        story.twins.replayed += u64::from(one.replayed || other.replayed);
        // A refusal is not kept and may be answered otherwise a moment later; what was done is done once.
        let both_given = one.status == 201 && other.status == 201;
        story.twins.unresolved += u64::from(both_given && one.bytes != other.bytes);
    }
    let given = if one.status == 201 { one } else { other };
    bought(run, number, Ok(given));
}

async fn leave(run: &Run, buyer: &mut Buyer<'_>, number: u32) {
    let request = order(run, buyer, number, 0);
    // Where even that failed, nothing was sent, and asking again is asking for the first time.
    let _ = buyer.send_and_leave(&request, Leaving::Closes, patience(run, number)).await;
    let answer = buyer.ask_again(&request, number).await;
    bought(run, number, answer);
}

async fn cut_off(run: &Run, buyer: &mut Buyer<'_>, number: u32) {
    let request = order(run, buyer, number, 0);
    let half = request.get(..request.len() / 2).unwrap_or_default();
    let _ = buyer.send_and_leave(half, Leaving::Killed, Duration::ZERO).await;
    let _ = buyer.send_and_leave(&request, Leaving::Killed, patience(run, number)).await;
    let answer = buyer.ask_again(&request, number).await;
    bought(run, number, answer);
}

/// When a buyer goes away: from before its request was read to after it was answered, by how long answers take
/// at this moment.
fn patience(run: &Run, number: u32) -> Duration {
    let halves = (number / 20 + 3) % 5;
    (run.progress.median() * halves / 2).min(PATIENCE_MAX)
}

async fn let_go(run: &Run, buyer: &mut Buyer<'_>, number: u32) {
    let Some(reservation) = hold(run, buyer, number, LONG_SECONDS).await else { return };
    let path = format!("/api/reservations/{}/release", id_of(&reservation));
    let request = buyer.door().change("POST", &path, &key(run, number, "release"), "{}");
    match told(run, buyer.ask(&request, Some(number)).await) {
        Told::Given(_) => run.progress.square(number, Square::GaveBack),
        Told::SoldOut => odd(run, number, "a release was refused as sold out".to_owned()),
        Told::Odd(why) => odd(run, number, why),
        Told::Stopped => {}
    }
}

/// Holds a unit for a second. What comes then comes in a task of its own, so that the crowd goes on.
async fn hold_short<F, Late>(run: &Arc<Run>, buyer: &mut Buyer<'_>, number: u32, then: F)
where
    F: FnOnce(Arc<Run>, u32, Value, Instant) -> Late,
    Late: Future<Output = ()> + Send + 'static,
{
    let Some(reservation) = hold(run, buyer, number, SHORT_SECONDS).await else { return };
    let time = |name: &str| reservation[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let Some((expires_at, server_time)) = time("expires_at").zip(time("server_time")) else {
        return odd(run, number, "a hold without a deadline".to_owned());
    };
    let left = u64::try_from(expires_at.milliseconds_since(server_time)).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_millis(left);
    run.late().spawn(then(run.clone(), number, reservation, deadline));
}

/// Pays a little before the deadline or a little after it.
async fn pay_late(run: Arc<Run>, number: u32, reservation: Value, deadline: Instant) {
    let early = Duration::from_millis(LATE_MILLISECONDS);
    let late = Duration::from_millis(u64::from(number / 20) % (2 * LATE_MILLISECONDS + 1));
    tokio::time::sleep_until(deadline - early + late).await;
    let Ok(_seat) = run.late_seats.acquire().await else { return };
    let Some(mut buyer) = Buyer::of(&run, number) else { return };
    pay(&run, &mut buyer, number, &reservation).await;
}

/// Looks, once its time is over, whether the hold is.
async fn forget(run: Arc<Run>, number: u32, reservation: Value, deadline: Instant) {
    tokio::time::sleep_until(deadline + Duration::from_millis(LATE_MILLISECONDS)).await;
    let Ok(_seat) = run.late_seats.acquire().await else { return };
    let Some(mut buyer) = Buyer::of(&run, number) else { return };
    let request = buyer.door().get(&format!("/api/reservations/{}", id_of(&reservation)));
    match buyer.ask(&request, None).await {
        Ok(answer) if answer.json()["status"] == "expired" => run.progress.square(number, Square::GaveBack),
        Ok(answer) => odd(&run, number, format!("past its deadline a hold is {}", answer.json()["status"])),
        Err(Unanswered::GivenUp { why, .. }) => odd(&run, number, why),
        Err(Unanswered::Stopped) => {}
    }
}

/// A unit held; nothing where there was none, and the buyer's matter is over.
async fn hold(run: &Run, buyer: &mut Buyer<'_>, number: u32, ttl_seconds: u32) -> Option<Value> {
    let sku = run.scratch.sku.as_str();
    let body = json!({
        "lines": [{"sku": sku, "quantity": 1}],
        "ttl_seconds": ttl_seconds,
        "owner": format!("{sku}-{number}"),
    });
    let request = buyer.door().change("POST", "/api/reservations", &key(run, number, "hold"), &body.to_string());
    match told(run, buyer.ask(&request, Some(number)).await) {
        Told::Given(reservation) => {
            run.progress.square(number, Square::Held);
            return Some(reservation);
        }
        Told::SoldOut => sold_out(run, number),
        Told::Odd(why) => odd(run, number, why),
        Told::Stopped => {}
    }
    None
}

async fn pay(run: &Run, buyer: &mut Buyer<'_>, number: u32, reservation: &Value) {
    let reference = format!("{}-{number}", run.scratch.sku);
    let body = json!({"reservation_id": id_of(reservation), "confirm": true, "reference": reference});
    let request = buyer.door().change("POST", "/api/orders", &key(run, number, "pay"), &body.to_string());
    let answer = buyer.ask(&request, Some(number)).await;
    bought(run, number, answer);
}

/// The request that reserves, orders and pays in one.
fn order(run: &Run, buyer: &Buyer<'_>, number: u32, round: u32) -> Vec<u8> {
    let sku = run.scratch.sku.as_str();
    let reference = format!("{sku}-{number}");
    let body = json!({"lines": [{"sku": sku, "quantity": 1}], "confirm": true, "reference": reference});
    buyer.door().change("POST", "/api/orders", &key(run, number, &format!("buy-{round}")), &body.to_string())
}

fn key(run: &Run, number: u32, step: &str) -> String {
    format!("{}-{number}-{step}", run.scratch.sku)
}

fn id_of(view: &Value) -> &str {
    view["id"].as_str().unwrap_or_default()
}

/// Takes note of what a purchase came to.
fn bought(run: &Run, number: u32, answer: Result<Answer, Unanswered>) {
    let again = matches!(&answer, Ok(answer) if answer.was_lost);
    match told(run, answer) {
        Told::Given(order) => {
            run.story().orders.insert(id_of(&order).to_owned());
            run.progress.square(number, if again { Square::WonAgain } else { Square::Won });
        }
        Told::SoldOut => sold_out(run, number),
        Told::Odd(why) => odd(run, number, why),
        Told::Stopped => {}
    }
}

/// What an answer says, with what was lost on the way kept count of.
fn told(run: &Run, answer: Result<Answer, Unanswered>) -> Told {
    match answer {
        Ok(answer) => {
            if answer.was_lost {
                let mut story = run.story();
                story.lost.requests += 1;
                story.lost.replayed += u64::from(answer.replayed);
            }
            match (answer.status, answer.code().as_str()) {
                (200 | 201, _) => Told::Given(answer.json()),
                (409, "insufficient_stock" | "hold_expired") => Told::SoldOut,
                (status, code) => Told::Odd(format!("{status} {code}")),
            }
        }
        Err(Unanswered::Stopped) => Told::Stopped,
        Err(Unanswered::GivenUp { why, was_lost }) => {
            if was_lost {
                let mut story = run.story();
                story.lost.requests += 1;
                story.lost.unresolved += 1;
            }
            Told::Odd(why)
        }
    }
}

fn sold_out(run: &Run, number: u32) {
    run.story().refused.push(number);
    run.progress.square(number, Square::Refused);
}

fn odd(run: &Run, number: u32, why: String) {
    run.progress.failed(why);
    run.progress.square(number, Square::Failed);
}
