//! The negative control: without guards the same crowd is sold what is not there.

use futures::future::join_all;
use sqlx::PgPool;
use store::Store;
use store::chaos::UnguardedAnswer;

#[sqlx::test(migrations = "../migrations")]
async fn without_guards_a_crowd_is_oversold(pool: PgPool) {
    let store = Store::new(pool.clone());
    let stock = store.chaos_unguarded_begin(3, 8).await.unwrap();
    assert!(stock.buyers_max >= 2, "one buyer at a time can't oversell");
    let answers = join_all((0..40).map(|_| stock.buy())).await;
    let bought = answers.into_iter().filter(|answer| *answer.as_ref().unwrap() == UnguardedAnswer::Bought).count();
    assert!(bought > 3, "{bought} sold of 3");
    // And the count knows nothing of it.
    assert!((0..3).contains(&stock.end().await.unwrap()));
    let rows: i64 = sqlx::query_scalar("select count(*) from chaos_unguarded").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 0);
}
