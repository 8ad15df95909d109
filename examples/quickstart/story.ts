// The output of the quickstart: progress on standard error, and the result that --output json prints at the end.
import { styleText } from 'node:util';
import type { Answer } from './query.ts';

export type Result = {
  readonly query: { readonly agent: string; readonly pool: string; readonly rows: Answer['rows'] };
  readonly failover: { readonly killed: string; readonly agent: string; readonly rows: Answer['rows'] };
  readonly connection: {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly jdbcUrl: string;
  };
  readonly milliseconds: { readonly start: number; readonly query: number; readonly failover: number };
};

const say = (text: string) => process.stderr.write(`${text}\n`);
const strong = (text: string) => styleText('bold', text, { stream: process.stderr });
const faint = (text: string) => styleText('dim', text, { stream: process.stderr });
const good = (text: string) => styleText('green', text, { stream: process.stderr });
const bad = (text: string) => styleText('red', text, { stream: process.stderr });

/** Prints a completed step and its result. */
export function done(what: string, detail: string): void {
  say(`  ${good('✔')} ${what.padEnd(30)} ${faint(detail)}`);
}

/** Prints what has gone wrong. */
export function problem(text: string): void {
  say(`  ${bad('✖')} ${text}`);
}

export function title(text: string): void {
  say(`\n${strong(text)}\n`);
}

export function rows(answer: Answer): void {
  for (const { customer, orders, revenue } of answer.rows) {
    say(
      `      ${customer.padEnd(18)} ${String(orders).padStart(5)} orders ${revenue.toFixed(2).padStart(12)}`,
    );
  }
}

export type Addresses = {
  readonly admin: string;
  readonly adminToken: string;
  /** Signs in to the console once, within a minute. */
  readonly console: string;
};

export function tryIt(result: Result, { admin, adminToken, console }: Addresses): void {
  const { jdbcUrl, port } = result.connection;
  title('Try it yourself');
  say(`  console   ${strong(console)}`);
  say(
    `            ${faint('This link signs in once, within a minute. The last command below prints another one.')}`,
  );
  say(`  JDBC      ${strong(jdbcUrl)}`);
  say(`  psql      psql "host=127.0.0.1 port=${port} user=postgres sslmode=disable"`);
  say(`  API       metrics at ${admin}, readiness at ${admin}/readyz`);
  say(`  fleet     export PENSTOCK_URL=${admin} PENSTOCK_TOKEN=${adminToken}`);
  say('            npx penstock-gateway agent list');
  say('            npx penstock-gateway console');
  const again = process.stdin.isTTY ? 'Press Enter to kill an agent, and watch the console. ' : '';
  say(`\n  ${faint(`${again}Press Ctrl-C to stop everything and remove all files.`)}\n`);
}
