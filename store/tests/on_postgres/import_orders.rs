use domain::money::Money;
use domain::order::{CustomerRequest, Order, OrderRef, OrderStatus};
use domain::product::{NewProduct, ProductPatch};
use domain::quantity::Quantity;
use domain::sku::Sku;
use domain::text::{Name, Reference};
use futures::future::join_all;
use sqlx::PgPool;
use store::import::{CatalogueItem, Mode, OrderCounts, OrderImported, PastKind, PastLine, PastOrder};
use store::{Store, StoreError};

use crate::support::{
    assert_sound, by_sku, code, count, gbp, hold, level, new_product, product, receive, request, served, warehouse,
};

fn line(sku: &str, name: Option<&str>, price_minor: i64, units: i64) -> PastLine {
    PastLine {
        sku: Sku::new(sku).unwrap(),
        name: name.map(|name| Name::new(name).unwrap()),
        unit_price: gbp(price_minor),
        quantity: Quantity::new(units).unwrap(),
    }
}

fn past(reference: &str, kind: PastKind, customer: Option<&str>, lines: Vec<PastLine>) -> PastOrder {
    let customer = customer.map(|id| CustomerRequest::new(None, None, Some(id)).unwrap());
    let reference = Reference::new(reference).unwrap();
    PastOrder::new(reference, kind, customer, "2010-12-01T08:26:00Z".parse().unwrap(), lines).unwrap()
}

fn sale(reference: &str, sku: &str, units: i64) -> PastOrder {
    past(reference, PastKind::Delivered, None, vec![line(sku, None, 255, units)])
}

fn imported(products_created: u64, units_received: i64) -> OrderImported {
    OrderImported::Imported { products_created, units_received }
}

async fn import(store: &Store, order: PastOrder) -> OrderImported {
    store.order_import(order).await.unwrap_or_else(|error| panic!("{}", error.in_full()))
}

async fn order_of(pool: &PgPool, store: &Store, reference: &str) -> Order {
    let id: uuid::Uuid =
        sqlx::query_scalar("select id from orders where reference = $1").bind(reference).fetch_one(pool).await.unwrap();
    store.order_fetch(&OrderRef::parse(&id.to_string()).unwrap()).await.unwrap().order
}

/// Every stock row as it stands, without its version.
async fn rows(pool: &PgPool) -> Vec<(String, String, i64, i64)> {
    sqlx::query_as(
        "select products.sku, stock.warehouse, stock.on_hand, stock.reserved
        from stock
        join products on products.id = stock.product_id
        order by products.sku, stock.warehouse",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn an_invoice_becomes_a_delivered_order_in_one_transaction(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 4).await;
    let lines = vec![line("A", Some("HEART"), 255, 6), line("A", Some("HEART"), 295, 1), line("B", None, 100, 2)];
    let order = past("536365", PastKind::Delivered, Some("17850"), lines);
    assert_eq!(import(&store, order.clone()).await, imported(1, 5));
    let read = order_of(&pool, &store, "536365").await;
    assert_eq!((read.status, read.version, read.total.minor), (OrderStatus::Delivered, 5, 6 * 255 + 295 + 200));
    assert_eq!(read.placed_at.to_string(), "2010-12-01T08:26:00.000Z");
    assert!(read.updated_at > read.placed_at, "the journal's time stays the database's");
    assert_eq!(read.customer.unwrap().reference.unwrap().as_str(), "17850");
    let lines: Vec<(&str, &str, i64, i64)> = read
        .lines
        .iter()
        .map(|line| (line.sku.as_str(), line.name.as_str(), line.unit_price.minor, line.quantity))
        .collect();
    assert_eq!(lines, [("A", "HEART", 255, 6), ("A", "HEART", 295, 1), ("B", "B", 100, 2)]);
    let told = store.order_journal(&OrderRef::Id(read.id)).await.unwrap();
    let mut actions: Vec<&str> = told.iter().map(|entry| entry.action.as_str()).collect();
    actions.dedup();
    let steps = ["confirmed", "processing", "shipped", "delivered"].map(|step| format!("order.{step}"));
    assert_eq!(actions[..2], ["reservation.held", "order.placed"]);
    assert_eq!(actions[2..], steps);
    assert!(told.iter().all(|entry| entry.actor.to_string() == "system:import"));
    let received = "select count(*) from journal where action = 'stock.received' and actor = 'system:import'";
    assert_eq!(count(&pool, received).await, 2);
    let transactions = "select count(*) from (
            select xmin::text from orders
            union select xmin::text from order_lines
            union select xmin::text from reservations
            union select xmin::text from customers
            union select xmin::text from journal where actor = 'system:import' and action <> 'product.created'
        ) as written";
    assert_eq!(count(&pool, transactions).await, 1);
    assert_eq!((level(&store, "A").await, level(&store, "B").await), ((0, 0), (0, 0)));

    assert_eq!(import(&store, order).await, OrderImported::AlreadyThere);
    assert_eq!(count(&pool, "select count(*) from orders").await, 1);
    assert_eq!(count(&pool, received).await, 2);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn only_what_no_active_warehouse_has_is_received(pool: PgPool) {
    let store = served(&pool).await;
    warehouse(&pool, "EAST", true).await;
    warehouse(&pool, "SHUT", true).await;
    let id = product(&store, "A", 4).await;
    for code in ["EAST", "SHUT"] {
        let code = domain::warehouse::WarehouseCode::new(code).unwrap();
        let (delta, reason) = (domain::quantity::StockDelta::new(3).unwrap(), domain::stock::StockReason::Received);
        store.stock_adjust(request(), &domain::product::ProductRef::Id(id), Some(code), delta, reason).await.unwrap();
    }
    // What was there when it was closed stays there.
    sqlx::query("update warehouses set active = false where code = 'SHUT'").execute(&pool).await.unwrap();
    hold(&store, &[("A", 2)]).await;
    assert_eq!(import(&store, sale("1", "A", 10)).await, imported(0, 5));
    let row = |warehouse: &str, on_hand, reserved| ("A".to_owned(), warehouse.to_owned(), on_hand, reserved);
    assert_eq!(rows(&pool).await, [row("EAST", 0, 0), row("MAIN", 2, 2), row("SHUT", 3, 0)]);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_return_leaves_every_stock_row_as_it_was(pool: PgPool) {
    let store = served(&pool).await;
    warehouse(&pool, "EAST", true).await;
    for (sku, units, held) in [("NONE", 0, 0), ("SOME", 3, 0), ("HELD", 3, 3), ("MANY", 50, 10)] {
        product(&store, sku, units).await;
        if held > 0 {
            hold(&store, &[(sku, held)]).await;
        }
    }
    let before = rows(&pool).await;
    let lines = || ["NONE", "SOME", "HELD", "MANY"].map(|sku| line(sku, None, 255, 7)).to_vec();
    assert_eq!(import(&store, past("C1", PastKind::Returned, None, lines())).await, imported(0, 0));
    assert_eq!(rows(&pool).await, before);
    let read = order_of(&pool, &store, "C1").await;
    assert_eq!((read.status, read.total.minor, read.units()), (OrderStatus::Returned, 4 * 7 * 255, 28));
    assert_eq!(import(&store, past("C1", PastKind::Returned, None, lines())).await, OrderImported::AlreadyThere);
    assert_eq!(
        import(&store, past("C2", PastKind::Returned, None, vec![line("NEW", None, 1, 5)])).await,
        imported(1, 0)
    );
    assert_eq!(level(&store, "NEW").await, (0, 0));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_invoice_that_is_refused_changes_nothing(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 4).await;
    product(&store, "GONE", 4).await;
    let archived = ProductPatch::new(None, None, Some(true), None).unwrap();
    store.product_change(request(), &by_sku("GONE"), archived).await.unwrap();
    let before = (rows(&pool).await, count(&pool, "select count(*) from journal").await);
    let lines = vec![line("A", None, 255, 100), line("GONE", None, 255, 1)];
    let order = past("1", PastKind::Delivered, Some("17850"), lines);
    assert_eq!(code(store.order_import(order).await), "product_archived");
    let dear = |sku: &str| line(sku, None, domain::product::PRICE_MINOR_MAX, Quantity::MAX);
    let order = past("2", PastKind::Delivered, None, (0..10).map(|_| dear("A")).collect());
    assert_eq!(code(store.order_import(order).await), "invalid_input");
    assert_eq!((rows(&pool).await, count(&pool, "select count(*) from journal").await), before);
    assert_eq!(count(&pool, "select count(*) from orders").await, 0);
    assert_eq!(count(&pool, "select count(*) from reservations").await, 0);
    assert_eq!(count(&pool, "select count(*) from customers").await, 0);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn imports_that_meet_have_each_order_once_and_receive_no_unit_too_many(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 7).await;
    let orders = (0..20).flat_map(|number| [(); 2].map(|()| sale(&number.to_string(), "A", 3)));
    let done: Vec<OrderImported> = join_all(orders.map(|order| import(&store, order))).await;
    let counts = done.iter().fold((0, 0), |(there, received), done| match done {
        OrderImported::Imported { units_received, .. } => (there, received + units_received),
        OrderImported::AlreadyThere => (there + 1, received),
    });
    assert_eq!(counts, (20, 20 * 3 - 7));
    assert_eq!(level(&store, "A").await, (0, 0));
    let twins =
        [(); 8].map(|()| import(&store, past("C9", PastKind::Returned, Some("c"), vec![line("B", None, 1, 5)])));
    let twins = join_all(twins).await;
    assert_eq!(twins.iter().filter(|twin| **twin == OrderImported::AlreadyThere).count(), 7);
    assert_eq!(count(&pool, "select count(*) from orders").await, 21);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_preview_tells_what_the_import_then_does(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 7).await;
    import(&store, sale("0", "A", 1)).await;
    let orders = vec![
        sale("0", "A", 1),
        sale("1", "A", 4),
        sale("2", "A", 5),
        past("C3", PastKind::Returned, None, vec![line("A", None, 255, 50), line("C", None, 255, 50)]),
        past("4", PastKind::Delivered, None, vec![line("B", None, 255, 1), line("A", None, 299, 2)]),
        sale("5", "B", 2),
    ];
    let preview = store.order_import_preview(orders.clone()).await.unwrap();
    let mut done = OrderCounts::default();
    for order in orders {
        match import(&store, order).await {
            OrderImported::Imported { products_created, units_received } => {
                done.imported += 1;
                done.products_created += products_created;
                done.units_received += units_received;
            }
            OrderImported::AlreadyThere => done.already_there += 1,
        }
    }
    assert_eq!(preview, done);
    assert_eq!(done, OrderCounts { imported: 5, already_there: 1, products_created: 2, units_received: 8 });
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_stock_is_the_same_whether_the_catalogue_or_the_orders_came_first(pool: PgPool) {
    let store = served(&pool).await;
    let mut levels = Vec::new();
    for (sku, orders_first) in [("FIRST", true), ("SECOND", false)] {
        let catalogue = async || {
            let item = CatalogueItem { product: new_product(sku), units: 20 };
            store.catalogue_import(vec![item], Mode::Write).await.unwrap();
        };
        let orders = async || {
            import(&store, past(&format!("C-{sku}"), PastKind::Returned, None, vec![line(sku, None, 255, 4)])).await;
            import(&store, sale(&format!("S-{sku}"), sku, 10)).await;
        };
        if orders_first {
            orders().await;
            catalogue().await;
        } else {
            catalogue().await;
            orders().await;
        }
        catalogue().await;
        levels.push(level(&store, sku).await);
    }
    assert_eq!(levels, [(10, 0), (10, 0)]);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn products_of_several_currencies_are_not_one_order(pool: PgPool) {
    let store = served(&pool).await;
    let euro = NewProduct::new("EURO", "Euro", Money::new(100, "EUR".parse().unwrap())).unwrap();
    store.product_create(request(), euro).await.unwrap();
    receive(&store, "EURO", 1).await;
    product(&store, "A", 1).await;
    let order = past("1", PastKind::Delivered, None, vec![line("A", None, 1, 1), line("EURO", None, 1, 1)]);
    let Err(StoreError::Refused(problem)) = store.order_import(order).await else { panic!("not refused") };
    assert_eq!(problem.code(), "mixed_currency");
    assert_sound(&store).await;
    store.close().await;
}
