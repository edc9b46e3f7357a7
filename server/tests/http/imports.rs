//! The command line's imports, with the real program on the real file.

use std::path::{Path, PathBuf};

use sqlx::PgPool;
use tokio::process::Command;

use crate::support::Server;

/// The data set is not ours to copy: it lies beside the project, where it is there at all.
fn real_file() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/online-retail-2010-12.csv");
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there", path.display());
    None
}

/// Runs the command to its end, which must be a good one, and gives what it says.
async fn holdfast(pool: &PgPool, folder: &Path, arguments: &[&str]) -> String {
    let mut url: url::Url = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
    url.set_path(pool.connect_options().get_database().unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .args(arguments)
        .current_dir(folder)
        .env("DATABASE_URL", url.as_str())
        .env_remove("DATABASE_APP_URL")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The numbers of the line that ends or goes on with this word: `512 invoices = 464 imported + ...`.
fn numbers(said: &str, about: &str) -> Vec<i64> {
    let line = said.lines().find(|line| line.split(' ').nth(1) == Some(about)).unwrap_or_else(|| panic!("{said}"));
    line.split(' ').filter_map(|word| word.replace(',', "").parse().ok()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn every_invoice_of_the_real_file_is_an_order_or_a_reject_however_often_it_is_read(pool: PgPool) {
    let Some(file) = real_file() else { return };
    let (file, folder) = (file.to_str().unwrap(), tempfile::tempdir().unwrap());
    let said = holdfast(&pool, folder.path(), &["import", "orders", file, "--dry-run"]).await;
    assert_eq!(numbers(&said, "invoices"), [512, 464, 0, 48]);
    let orders = async || sqlx::query_scalar::<_, i64>("select count(*) from orders").fetch_one(&pool).await.unwrap();
    assert_eq!(orders().await, 0);

    let said_first = holdfast(&pool, folder.path(), &["import", "orders", file]).await;
    assert_eq!(numbers(&said_first, "lines"), [10_000, 9_916, 84]);
    assert_eq!(numbers(&said_first, "invoices"), [512, 464, 0, 48]);
    assert_eq!(numbers(&said_first, "products"), numbers(&said, "products"), "the dry run told what would be");
    assert_eq!(orders().await + 48, 512);
    let rejects = std::fs::read_to_string(folder.path().join("online-retail-2010-12.orders-rejects.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 1 + 84);
    assert!(rejects.starts_with("Line,Reason,InvoiceNo,"));

    let server = Server::start_without_tasks(&pool).await;
    server.assert_balanced().await;
    let journal = async || sqlx::query_scalar::<_, i64>("select max(position) from journal").fetch_one(&pool).await;
    let before = journal().await.unwrap();
    let said = holdfast(&pool, folder.path(), &["import", "orders", file]).await;
    assert_eq!(numbers(&said, "invoices"), [512, 0, 464, 48]);
    assert_eq!(journal().await.unwrap(), before, "nothing is told twice");
    assert!(holdfast(&pool, folder.path(), &["verify"]).await.starts_with("Every stock row"));

    let figures: (i64, i64, i64, i64) = sqlx::query_as(
        "select
            count(*) filter (where status = 'returned'),
            count(*) filter (where customer_id is null),
            (select count(*) from customers),
            (select max(lines) from (select count(*) as lines from order_lines group by order_id) as each)
        from orders",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((figures.0, figures.1), (41, 23));
    assert!(figures.2 > 300 && figures.3 > 500, "{figures:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_demo_says_how_many_orders_it_wrote_and_passes_verify(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    let said = holdfast(&pool, folder.path(), &["demo", "--orders", "300", "--products", "20"]).await;
    assert_eq!(numbers(&said, "products"), [20]);
    assert_eq!(numbers(&said, "orders")[0], 300);
    assert!(holdfast(&pool, folder.path(), &["verify"]).await.starts_with("Every stock row"));
}
