-- What is archived is a few among many, and has a list of its own.
create index products_archived on products (sku) where archived;
