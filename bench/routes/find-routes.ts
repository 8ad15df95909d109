import type { Skipped } from '../report/report.ts';
import { chisel } from './chisel.ts';
import { direct } from './direct.ts';
import { frp } from './frp.ts';
import { haproxy } from './haproxy.ts';
import { nodeH2 } from './node-h2.ts';
import { nodeTls } from './node-tls.ts';
import { penstock } from './penstock.ts';
import { rathole } from './rathole.ts';
import type { Route, RouteName } from './route.ts';
import { ssh } from './ssh.ts';

const known: readonly Route[] = [direct, nodeTls, nodeH2, haproxy, ssh, chisel, frp, rathole, penstock];

/** Routes whose programs are named by environment variables. */
const named: ReadonlySet<RouteName> = new Set(['chisel', 'frp', 'rathole']);

/** Returns the requested routes that are installed, their descriptions, and the routes that were skipped. */
export async function findRoutes(wanted: readonly RouteName[]) {
  const present: Route[] = [];
  const about = new Map<RouteName, string>();
  const skipped: Skipped[] = [];
  for (const route of known.filter(({ name }) => wanted.includes(name))) {
    const description = await route.describe();
    if (description === undefined) {
      skipped.push({
        what: route.name,
        reason: named.has(route.name)
          ? `no program is named (docs/benchmark.md)`
          : 'the program is not installed',
      });
    } else {
      present.push(route);
      about.set(route.name, description);
    }
  }
  return { present, about, skipped };
}
