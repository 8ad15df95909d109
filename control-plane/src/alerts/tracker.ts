import type { AlertCondition, GatewayConfig } from '@penstock/config-schema';
import type { AlertRow } from '@penstock/store';
import { type Finding, type Findings, keyOf } from './findings.ts';

export type AlertRule = GatewayConfig['alerts'][number];

/** A receiver must hear that an alert fires, or that it is over. */
export type News = {
  readonly alert: AlertRow;
  readonly receiver: string;
  readonly kind: 'firing' | 'resolved';
};

/** What one observation has changed. */
export type AlertChanges = {
  readonly fired: readonly AlertRow[];
  readonly resolved: readonly AlertRow[];
  readonly news: readonly News[];
  /** Milliseconds until a `for` is over; undefined when none runs. */
  readonly due: number | undefined;
};

/** `since` is on the monotonic clock. `told`: the receivers that know of it, or will. */
type Tracked =
  | { readonly name: 'pending'; readonly since: number; readonly sinceDate: number }
  | { readonly name: 'firing'; readonly since: number; readonly alert: AlertRow; readonly told: Set<string> };

/** `now` is on the monotonic clock, `date` milliseconds since 1970. */
export type Moment = { readonly now: number; readonly date: number };

/** Alerts that are followed at once; what more holds is followed when others are over. */
export const MAX_TRACKED = 10_000;

/** Turns what holds at one moment after another into alerts that fire once and are over once. Takes no time itself. */
export class AlertTracker {
  readonly #tracked = new Map<string, Tracked>();
  readonly #newId: () => string;

  /** `newId` gives ids that rise. */
  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Goes on with an alert that fired before a restart. */
  resume(alert: AlertRow, told: Iterable<string>, { now, date }: Moment): void {
    const since = now - Math.max(0, date - alert.since);
    this.#tracked.set(keyOf(keyPartsOf(alert)), { name: 'firing', since, alert, told: new Set(told) });
  }

  /** Alerts that fire, the newest first. */
  get firing(): readonly AlertRow[] {
    return [...this.#tracked.values()]
      .flatMap((each) => (each.name === 'firing' ? [each.alert] : []))
      .sort((one, other) => (one.id < other.id ? 1 : -1));
  }

  /** Follows what holds now. A condition that no rule asks for is over. */
  observe({ holding, undecided }: Findings, rules: readonly AlertRule[], moment: Moment): AlertChanges {
    const { now, date } = moment;
    const fired: AlertRow[] = [];
    const resolved: AlertRow[] = [];
    const news: News[] = [];
    let due: number | undefined;
    const byCondition = Map.groupBy(rules, ({ when }) => when);
    const held = new Map<string, Finding>();
    for (const finding of holding) if (byCondition.has(finding.condition)) held.set(keyOf(finding), finding);

    for (const [key, tracked] of this.#tracked) {
      if (held.has(key)) continue;
      const watched = tracked.name === 'pending' || byCondition.has(conditionOf(tracked.alert));
      if (tracked.name === 'firing' && watched && undecided(key)) continue;
      this.#tracked.delete(key);
      if (tracked.name === 'pending') continue;
      const alert: AlertRow = { ...tracked.alert, state: 'resolved', resolvedAt: date };
      resolved.push(alert);
      for (const receiver of tracked.told) news.push({ alert, receiver, kind: 'resolved' });
    }

    for (const [key, finding] of held) {
      const asking = byCondition.get(finding.condition) ?? [];
      const before = this.#tracked.get(key);
      if (before === undefined && this.#tracked.size >= MAX_TRACKED) continue;
      const tracked = this.#follow(before, finding, asking, moment);
      if (tracked.name === 'firing' && before?.name !== 'firing') fired.push(tracked.alert);
      this.#tracked.set(key, tracked);
      for (const rule of asking) {
        const left = tracked.since + rule.for - now;
        if (left > 0) due = Math.min(due ?? left, left);
        else if (tracked.name === 'firing') tell(tracked, rule, news);
      }
    }
    return { fired, resolved, news, due };
  }

  /** Fires what has held for long enough. */
  #follow(
    before: Tracked | undefined,
    finding: Finding,
    asking: readonly AlertRule[],
    { now, date }: Moment,
  ): Tracked {
    if (before?.name === 'firing') return before;
    const pending = before ?? { name: 'pending', since: now, sinceDate: date };
    if (now - pending.since < Math.min(...asking.map((rule) => rule.for))) return pending;
    const alert = alertOf(this.#newId(), finding, pending.sinceDate, date);
    return { name: 'firing', since: pending.since, alert, told: new Set() };
  }
}

function tell(tracked: Extract<Tracked, { name: 'firing' }>, rule: AlertRule, news: News[]): void {
  for (const receiver of rule.notify) {
    if (tracked.told.has(receiver)) continue;
    tracked.told.add(receiver);
    news.push({ alert: tracked.alert, receiver, kind: 'firing' });
  }
}

const alertOf = (id: string, finding: Finding, since: number, firedAt: number): AlertRow => ({
  id,
  condition: finding.condition,
  subject: finding.subject,
  pool: finding.pool ?? null,
  state: 'firing',
  detail: finding.detail,
  since,
  firedAt,
  resolvedAt: null,
});

/** An alert on record may be of a condition that this release no longer has: no rule asks for it, and it is over. */
const conditionOf = ({ condition }: AlertRow): AlertCondition => condition as AlertCondition;
const keyPartsOf = (alert: AlertRow) => ({ condition: conditionOf(alert), subject: alert.subject });
