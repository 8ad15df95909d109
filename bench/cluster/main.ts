import { parseArgs } from 'node:util';
import { stopEveryChild } from '../process/child.ts';
import { measureFleet } from './fleet.ts';
import { measureRelayed } from './relayed.ts';
import { startBenchReplicas } from './replicas.ts';
import type { LoopDelay } from './watch-loop.ts';

const parts = ['relayed', 'fleet'] as const;
const usage = `npm run bench:cluster -- [options]

Three replicas on one PostgreSQL: relayed connections beside local ones, and the same of the smallest program of node:http2 that
relays; many simulated agents of which a third loses its replica, and revocations at another replica. Prints one line for each
part, and one JSON object.

  --only LIST       comma-separated, of ${parts.join(', ')}
  --agents N        simulated agents (10000)
  --rounds N        measurements of relayed and local connections, of which the medians count (5)
  --revocations N   agents that are revoked (100)
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: parts.join(',') },
    agents: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    revocations: { type: 'string', default: '100' },
    help: { type: 'boolean', default: false },
  },
});

const chosen = values.only.split(',');
const print = (text: string) => void process.stdout.write(`${text}\n`);
const ratio = (value: number | undefined) => value?.toFixed(2) ?? 'unknown';

if (values.help) print(usage);
else if (!chosen.every((part) => parts.some((known) => known === part))) {
  process.stderr.write(usage);
  process.exitCode = 1;
} else {
  try {
    await using cluster = await startBenchReplicas(['r1', 'r2', 'r3'], Number(values.agents) + 100);
    const report: Record<string, unknown> = {};
    if (chosen.includes('relayed')) {
      const relayed = await measureRelayed(cluster, Number(values.rounds));
      const percent = Math.round(100 * relayed.share);
      for (const [name, program] of Object.entries(relayed.programs))
        print(
          `${name}, relayed beside local: throughput ${ratio(program.throughputShare)} of it, ${ratio(program.throughputShareApart)} ` +
            `with ${percent} % of a processor for each program, p50 of a round trip ${ratio(program.p50Ratio)} times`,
        );
      if (relayed.whyNotApart !== undefined)
        print(`not measured with a share of a processor for each program: ${relayed.whyNotApart}`);
      Object.assign(report, { relayed });
    }
    if (chosen.includes('fleet')) {
      const fleet = await measureFleet(cluster, Number(values.agents), Number(values.revocations));
      const delay = ({ late, own }: LoopDelay) => `${late} ms at most, by its own work ${own} ms`;
      for (const { name, megabytes, longestDelay } of fleet.replicas)
        print(
          `${name} with ${values.agents} agents: ${megabytes} MB, event loop late by ${delay(longestDelay)}`,
        );
      print(
        `after r3 was killed: all agents back after ${fleet.backMs} ms, a loop late by ${delay(fleet.delayMeanwhile)}`,
      );
      print(
        `revocation in force at another replica: p50 ${fleet.revocation.p50} ms, p99 ${fleet.revocation.p99} ms`,
      );
      Object.assign(report, { fleet });
    }
    print(JSON.stringify(report));
  } finally {
    await stopEveryChild();
  }
}
