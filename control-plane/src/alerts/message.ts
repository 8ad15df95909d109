import { type Advice, adviceText, commandFor } from '@penstock/api-schema';
import { printableLine } from '@penstock/runtime';
import type { AlertRow } from '@penstock/store';
import { alertConditionTexts } from './alert-conditions.ts';

/** Maximum number of alerts that one message lists. The others are only counted. */
export const MAX_LISTED_ALERTS = 50;

/** One alert that started firing or was resolved. `alert` is the alert as it was then. */
export type AlertTransition = { readonly kind: 'firing' | 'resolved'; readonly alert: AlertRow };

export type MessageContent = {
  /** Stays the same in every attempt to send the message, by which receivers recognize a repetition. */
  readonly id: string;
  readonly receiver: string;
  readonly organization: string;
  /** `console.url` of gateway.yaml. */
  readonly consoleUrl?: string | undefined;
  readonly gatewayVersion: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly transitions: readonly AlertTransition[];
};

/** The body that receivers with the format `json` get; docs/alerts.md documents it. */
export type AlertMessage = {
  readonly version: 1;
  readonly kind: 'alerts' | 'test';
  readonly id: string;
  readonly organization: string;
  readonly receiver: string;
  readonly gatewayVersion: string;
  readonly composedAt: string;
  /** The page of the console with all alerts. Absent without `console.url`. */
  readonly url?: string;
  /** Number of firing and of resolved alerts, including those that are not listed. */
  readonly firing: number;
  readonly resolved: number;
  readonly alerts: readonly {
    readonly id: string;
    readonly state: 'firing' | 'resolved';
    readonly condition: string;
    readonly subject: string;
    readonly pool?: string;
    readonly message: string;
    readonly detail: string;
    readonly advice: string;
    readonly since: string;
    readonly firedAt: string;
    readonly resolvedAt?: string;
  }[];
  /** Number of alerts that are not listed in `alerts`. */
  readonly omitted: number;
};

/**
 * Builds one message from several transitions. An alert that fired and was resolved is listed once, as resolved: that
 * entry has both times.
 */
export function alertMessage({ transitions, at, consoleUrl, ...rest }: MessageContent): AlertMessage {
  const latest = new Map<string, AlertTransition>();
  for (const transition of transitions) latest.set(transition.alert.id, transition);
  const all = [...latest.values()];
  const firing = all.filter(({ kind }) => kind === 'firing');
  const resolved = all.filter(({ kind }) => kind === 'resolved');
  const alerts = [...firing, ...resolved].slice(0, MAX_LISTED_ALERTS).map(entry);
  return {
    version: 1,
    kind: 'alerts',
    ...rest,
    composedAt: time(at),
    ...(consoleUrl !== undefined && { url: new URL('/console/alerts', consoleUrl).href }),
    firing: firing.length,
    resolved: resolved.length,
    alerts,
    omitted: all.length - alerts.length,
  };
}

/** Builds a message with which an operator tests whether a receiver is reachable. */
export function testMessage(content: Omit<MessageContent, 'transitions'>): AlertMessage {
  return { ...alertMessage({ ...content, transitions: [] }), kind: 'test' };
}

function entry({ kind, alert }: AlertTransition): AlertMessage['alerts'][number] {
  const { id, condition, subject, pool, detail, since, firedAt, resolvedAt } = alert;
  const text = conditionTextOf(condition);
  const command = commandOf(text, printableLine(subject));
  return {
    id,
    state: kind,
    condition,
    subject: printableLine(subject),
    ...(pool !== null && { pool }),
    message: text.message,
    detail: printableLine(detail),
    advice: adviceText({ advice: text.advice, command }),
    since: time(since),
    firedAt: time(firedAt),
    ...(kind === 'resolved' && resolvedAt !== null && { resolvedAt: time(resolvedAt) }),
  };
}

type Text = Advice & { readonly message: string };

/** The texts of a condition, or generic ones: a stored alert may have a condition that this release no longer knows. */
export function conditionTextOf(condition: string): Text {
  const texts: Readonly<Record<string, Text>> = alertConditionTexts;
  return texts[condition] ?? { message: `The condition ${condition} holds.`, advice: '' };
}

/** The command for a condition of `agent:NAME`, `connection:NAME` and the like, or of `connector:POOL/AGENT/CONNECTOR`. */
export function commandOf(text: Text, subject: string): string | undefined {
  const name = subject.slice(subject.indexOf(':') + 1);
  const [, agent = name, connector] = name.split('/');
  return commandFor(text, { name: agent, connector });
}

const time = (at: number) => new Date(at).toISOString();
