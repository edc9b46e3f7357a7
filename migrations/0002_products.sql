-- What is sold, without the count of it.
create table products (
    id uuid not null,
    -- Compared byte by byte: 85123A and 85123a are two products, and a keyset on it means the same on
    -- every machine.
    sku text collate "C" not null,
    name text not null,
    price_minor bigint not null,
    currency text not null,
    low_stock_threshold bigint,
    archived boolean not null default false,
    version bigint not null default 1,
    created_at timestamptz not null,
    -- The words of SKU and name as the domain splits them.
    search tsvector not null,
    constraint products_pk primary key (id),
    constraint products_sku_key unique (sku),
    constraint products_sku_length check (char_length(sku) between 1 and 64),
    constraint products_name_length check (char_length(name) between 1 and 200),
    constraint products_price_bounds check (price_minor between 0 and 1000000000000),
    constraint products_currency_form check (currency ~ '^[A-Z]{3}$'),
    constraint products_threshold_bounds check (low_stock_threshold between 0 and 1000000000000)
);

create index products_search on products using gin (search);
