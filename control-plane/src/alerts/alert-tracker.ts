import type { AlertCondition, GatewayConfig } from '@penstock/config-schema';
import { type Clock, inSlices } from '@penstock/runtime';
import type { AlertRow } from '@penstock/store';
import type { ActiveCondition } from './active-condition.ts';
import { alertKey, type Evaluation } from './evaluate-conditions.ts';
import type { AlertTransition } from './message.ts';

export type AlertRule = GatewayConfig['alerts'][number];

/** A transition of which one receiver is to be notified. */
export type PendingNotification = AlertTransition & { readonly receiver: string };

/** The changes that one evaluation causes. */
export type AlertChanges = {
  readonly fired: readonly AlertRow[];
  readonly resolved: readonly AlertRow[];
  readonly notifications: readonly PendingNotification[];
  /** Milliseconds until the next `for` elapses; undefined when no condition is pending. */
  readonly due: number | undefined;
};

/** `since` is monotonic. `notified` holds the receivers for which a firing notification was created. */
type Tracked =
  | { readonly name: 'pending'; readonly since: number; readonly sinceDate: number }
  | {
      readonly name: 'firing';
      readonly since: number;
      readonly alert: AlertRow;
      readonly notified: Set<string>;
    };

/** One moment on both clocks: `now` is monotonic, `date` is in milliseconds since 1970. */
export type Moment = { readonly now: number; readonly date: number };

/** Maximum number of alerts tracked concurrently. Further ones are tracked when others have been resolved. */
export const MAX_TRACKED_ALERTS = 10_000;

/**
 * Turns successive evaluations into alerts, each of which fires once and is resolved once. Works in slices of the event
 * loop: when a site goes down, thousands of conditions begin to hold at the same time.
 */
export class AlertTracker {
  readonly #tracked = new Map<string, Tracked>();
  readonly #newId: () => string;
  readonly #clock: Clock;

  /** `newId` must return ascending ids. */
  constructor(newId: () => string, clock: Clock) {
    this.#newId = newId;
    this.#clock = clock;
  }

  /** Restores an alert that was firing before a restart. */
  resume(alert: AlertRow, notified: Iterable<string>, { now, date }: Moment): void {
    const since = now - Math.max(0, date - alert.since);
    const key = alertKey({ condition: conditionOf(alert), subject: alert.subject });
    this.#tracked.set(key, { name: 'firing', since, alert, notified: new Set(notified) });
  }

  /** Whether another alert with this condition and subject is firing. */
  isFiring(alert: AlertRow): boolean {
    const tracked = this.#tracked.get(alertKey({ condition: conditionOf(alert), subject: alert.subject }));
    return tracked?.name === 'firing' && tracked.alert.id !== alert.id;
  }

  /** Firing alerts, newest first. */
  get firing(): readonly AlertRow[] {
    return [...this.#tracked.values()]
      .flatMap((each) => (each.name === 'firing' ? [each.alert] : []))
      .sort((one, other) => (one.id < other.id ? 1 : -1));
  }

  /**
   * Applies one evaluation. Alerts whose condition has no rule any more are resolved. Receivers are not notified of an alert
   * that fires while it is silenced, until it is no longer. The caller must not call it again before its promise has resolved.
   */
  async observe(
    { active, isUndecided }: Evaluation,
    rules: readonly AlertRule[],
    moment: Moment,
    isSilenced: (alert: AlertRow) => boolean = () => false,
  ): Promise<AlertChanges> {
    const { now, date } = moment;
    const fired: AlertRow[] = [];
    const resolved: AlertRow[] = [];
    const notifications: PendingNotification[] = [];
    let due: number | undefined;
    const rulesOf = Map.groupBy(rules, ({ condition }) => condition);

    const resolveUnlessActive = ([key, tracked]: [string, Tracked]) => {
      const condition = active.get(key)?.condition;
      if (condition !== undefined && rulesOf.has(condition)) return;
      const hasRule = tracked.name === 'pending' || rulesOf.has(conditionOf(tracked.alert));
      if (tracked.name === 'firing' && hasRule && isUndecided(key)) return;
      this.#tracked.delete(key);
      if (tracked.name === 'pending') return;
      const alert: AlertRow = { ...tracked.alert, state: 'resolved', resolvedAt: date };
      resolved.push(alert);
      for (const receiver of tracked.notified) notifications.push({ alert, receiver, kind: 'resolved' });
    };
    await inSlices(this.#tracked, resolveUnlessActive, this.#clock);

    const track = ([key, condition]: [string, ActiveCondition]) => {
      const matching = rulesOf.get(condition.condition);
      const before = this.#tracked.get(key);
      if (matching === undefined || (before === undefined && this.#tracked.size >= MAX_TRACKED_ALERTS))
        return;
      const tracked = this.#advance(before, condition, matching, moment);
      if (tracked.name === 'firing' && before?.name !== 'firing') fired.push(tracked.alert);
      this.#tracked.set(key, tracked);
      const isQuiet = tracked.name === 'firing' && isSilenced(tracked.alert);
      for (const rule of matching) {
        const left = tracked.since + rule.for - now;
        if (left > 0) due = Math.min(due ?? left, left);
        else if (tracked.name === 'firing' && !isQuiet) notify(tracked, rule, notifications);
      }
    };
    await inSlices(active, track, this.#clock);
    return { fired, resolved, notifications, due };
  }

  /** Fires an alert when its condition has held for the shortest `for` of the matching rules. */
  #advance(
    before: Tracked | undefined,
    condition: ActiveCondition,
    matching: readonly AlertRule[],
    { now, date }: Moment,
  ): Tracked {
    if (before?.name === 'firing') return before;
    const pending = before ?? { name: 'pending', since: now, sinceDate: date };
    if (now - pending.since < Math.min(...matching.map((rule) => rule.for))) return pending;
    const alert = newAlert(this.#newId(), condition, pending.sinceDate, date);
    return { name: 'firing', since: pending.since, alert, notified: new Set() };
  }
}

function notify(
  tracked: Extract<Tracked, { name: 'firing' }>,
  rule: AlertRule,
  notifications: PendingNotification[],
): void {
  for (const receiver of rule.receivers) {
    if (tracked.notified.has(receiver)) continue;
    tracked.notified.add(receiver);
    notifications.push({ alert: tracked.alert, receiver, kind: 'firing' });
  }
}

const newAlert = (id: string, active: ActiveCondition, since: number, firedAt: number): AlertRow => ({
  id,
  condition: active.condition,
  subject: active.subject,
  pool: active.pool ?? null,
  state: 'firing',
  detail: active.detail,
  since,
  firedAt,
  resolvedAt: null,
});

/** A stored alert may have a condition that this release no longer knows. No rule has it, so the alert is resolved. */
const conditionOf = ({ condition }: AlertRow): AlertCondition => condition as AlertCondition;
