import { join } from 'node:path';
import { type Static, Type, whenUsed } from '@penstock/json-schema';
import { NAME_PATTERN } from '@penstock/wire';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFetched } from './fetched-file.ts';

/** How an agent is doing, as it writes every few seconds for the updater to judge. */
export const AgentHealth = Type.Object({
  format: Type.Literal(1),
  version: Type.String({ maxLength: 64 }),
  /** Names the process, where the service manager does not; new at each start. */
  process: Type.Optional(Type.String({ maxLength: 64 })),
  /** When it was written, in milliseconds since 1970. */
  at: Type.Number(),
  /** Whether the gateway has acknowledged a heartbeat lately. */
  acknowledged: Type.Boolean(),
  sessions: Type.Object({ ready: Type.Integer({ minimum: 0 }), wanted: Type.Integer({ minimum: 0 }) }),
  /** Connectors whose check fails. */
  failing: Type.Array(Type.String({ pattern: NAME_PATTERN }), { maxItems: 500 }),
  /** The gateway has said to come back later, or the clocks differ: nothing that another version would change. */
  isGatewayBusy: Type.Boolean(),
});
export type AgentHealth = Static<typeof AgentHealth>;

const healthCheck = whenUsed(() => new Ajv2020().compile<AgentHealth>(AgentHealth));
const MAX_BYTES = 128 * 1024;

export const HEALTH_FILE = 'upgrade-health.json';

/** What the agent with this directory last wrote; undefined if nothing that can be understood. */
export function readHealth(directory: string): AgentHealth | undefined {
  const isHealth = healthCheck();
  try {
    const file = readFetched(join(directory, HEALTH_FILE), MAX_BYTES);
    const value: unknown = file === undefined ? undefined : JSON.parse(file.bytes.toString());
    return isHealth(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
