-- Ranges of SKUs, and how the words of the products in each begin: a search passes by the ranges in which nothing can
-- match. What is told of a range may be more than is there, never less.
create table product_ranges (
    first_sku text collate "C" not null,
    -- The next range's first. Of the last range it is what comes after every SKU of 64 characters.
    before_sku text collate "C" not null,
    -- About: a product that was changed is counted again, until the range is split.
    products bigint not null default 0,
    constraint product_ranges_pk primary key (first_sku),
    constraint product_ranges_order check (first_sku < before_sku),
    constraint product_ranges_products_bounds check (products >= 0)
);

insert into product_ranges (first_sku, before_sku)
values ('', repeat(U&'\+10FFFF', 65));

create table product_range_words (
    first_sku text collate "C" not null,
    -- The first six characters of a word.
    beginning text collate "C" not null,
    constraint product_range_words_pk primary key (first_sku, beginning)
);

-- The version whose words are among those of its range. Where it is another than the product's own, the product is
-- looked at for itself: so who writes products, be it a server of the version before, need not know of ranges.
alter table products add column summarized_version bigint;

create index products_unsummarized on products (sku) where summarized_version is distinct from version;
