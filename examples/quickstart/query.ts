// An ordinary client: the standard PostgreSQL driver, unaware of Penstock.
import pg from 'pg';

const SQL = `
  select c.name as customer, count(*)::int as orders, sum(o.amount)::float as revenue
  from orders o join customers c on c.id = o.customer_id
  group by c.name order by revenue desc limit 3`;

export type Answer = {
  readonly rows: readonly { readonly customer: string; readonly orders: number; readonly revenue: number }[];
  /** Time from connecting to the last row. */
  readonly milliseconds: number;
};

/** Connects to a port on this host, queries the three best customers, and disconnects. */
export async function askForBestCustomers(port: number): Promise<Answer> {
  const started = performance.now();
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    const { rows } = await client.query<Answer['rows'][number]>(SQL);
    return { rows, milliseconds: Math.round(performance.now() - started) };
  } finally {
    await client.end();
  }
}
