create table customers (id integer primary key, name text not null, country text not null);
create table orders (
  id integer primary key,
  customer_id integer not null references customers,
  placed_on date not null,
  amount numeric(10, 2) not null
);

insert into customers values
  (1, 'Alpine Outdoor', 'CH'), (2, 'Borealis Foods', 'FI'), (3, 'Cascade Pumps', 'CA'),
  (4, 'Delta Textiles', 'PT'), (5, 'Estuary Marine', 'NL'), (6, 'Fjord Logistics', 'NO');

insert into orders
select n, 1 + (n * n % 13) % 6, date '2026-01-01' + n % 320, 20 + (n * 7919 % 48000) / 100.0
from generate_series(1, 1200) as n;
