import { eventually } from '../../rig/eventually.ts';
import { WATCHED_POOL } from './files.ts';
import type { AgentName, ReplicaName, Site } from './site.ts';

/** The agent whose pause makes an alert fire. */
const WATCHED_AGENT: AgentName = 'a4';
const ALERT_TIMEOUT_MS = 90_000;

type Transition = { readonly id: string; readonly state: string; readonly subject: string };

/** A transition as a message says it. */
export type Notification = Transition & { readonly message: string };

export function notificationsOf({ receiver }: Site, from = 0): readonly Notification[] {
  return receiver.received.slice(from).flatMap(({ text }) => {
    const { id, alerts } = JSON.parse(text) as { id: string; alerts: readonly Transition[] };
    return alerts.map((alert) => ({ ...alert, message: id }));
  });
}

export type FiredAlert = { resolve(): Promise<void> };

/** Makes an alert fire and waits for its notification; `resolve` has it resolved, and waits for that one. */
export async function fireAlert(site: Site): Promise<FiredAlert> {
  const from = site.receiver.received.length;
  // A message about an earlier alert may be repeated.
  const earlier = new Set(notificationsOf(site).map(({ id }) => id));
  const has = (state: string) => () =>
    notificationsOf(site, from).some(
      (each) => !earlier.has(each.id) && each.state === state && each.subject === `pool:${WATCHED_POOL}`,
    );
  const wait = (state: string) =>
    eventually(`a notification that the alert is ${state}`, has(state), {
      within: ALERT_TIMEOUT_MS,
      state: () => notificationsOf(site, from),
    });
  site.agent(WATCHED_AGENT).signal('SIGSTOP');
  const resolve = async () => {
    site.agent(WATCHED_AGENT).signal('SIGCONT');
    await wait('resolved');
  };
  try {
    await wait('firing');
  } catch (error) {
    site.agent(WATCHED_AGENT).signal('SIGCONT');
    throw error;
  }
  return { resolve };
}

/** The changes that were made at replicas, and which of them were acknowledged. */
export class Changes {
  readonly acknowledged = new Set<string>();
  readonly refused: string[] = [];
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Makes a change at these replicas at the same time. Returns the answers: a status, or why there is none. */
  async make(at: readonly ReplicaName[] = this.#site.shape.replicas): Promise<readonly (number | string)[]> {
    return await Promise.all(
      at.map(async (name) => {
        try {
          const { status, body } = await this.#site.api(name, 'POST /enrollment-tokens', {
            pool: 'dc1',
            uses: 1,
          });
          if (status < 300) this.acknowledged.add(String(body['id']));
          else this.refused.push(`${name}: ${status} ${String(body['code'])}`);
          return status;
        } catch (error) {
          this.refused.push(`${name}: ${String(error)}`);
          return String(error);
        }
      }),
    );
  }
}

/** The replica that leads: one of these whose last word is that it was elected. */
export function leaderOf(
  site: Site,
  among: readonly ReplicaName[] = site.shape.replicas,
): ReplicaName | undefined {
  return among.findLast((name) => {
    const { lines, running } = site.replica(name);
    const last = lines.findLast(({ json }) => /^leader-(elected|resigned)$/.test(String(json?.['event'])));
    return running && last?.json?.['event'] === 'leader-elected';
  });
}
