-- Ranges of SKUs, and how the words of the products in each begin: a search passes by the ranges in which nothing can
-- match. What is told of a range may be more than is there, never less.
create table product_ranges (
    first_sku text collate "C" not null,
    -- The next range's first. Of the last range it is what comes after every SKU of 64 characters.
    before_sku text collate "C" not null,
    -- No fewer than were summarized once; more only where some were deleted.
    products bigint not null default 0,
    -- How many were changed and summarized again since the range was written whole.
    changed bigint not null default 0,
    constraint product_ranges_pk primary key (first_sku),
    constraint product_ranges_order check (first_sku < before_sku),
    constraint product_ranges_counts_bounds check (products >= 0 and changed >= 0)
);

insert into product_ranges (first_sku, before_sku)
values ('', repeat(U&'\+10FFFF', 65));

create table product_range_words (
    first_sku text collate "C" not null,
    -- Whether the products that have it are archived.
    archived boolean not null,
    -- The first characters of a word: as many as the servers take that summarize and search.
    beginning text collate "C" not null,
    constraint product_range_words_pk primary key (first_sku, archived, beginning)
);

-- The version whose words are among those of its range. Where it is another than the product's own, the product is
-- looked at for itself: so who writes products, be it a server of the version before, need not know of ranges.
alter table products add column summarized_version bigint;
