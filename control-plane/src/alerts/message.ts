import type { AlertRow } from '@penstock/store';
import { alertConditionTexts } from './alert-conditions.ts';

/** Alerts that one message lists; the others are counted. */
export const LISTED = 50;

/** Says that one alert fires or is over. */
export type Notice = { readonly kind: 'firing' | 'resolved'; readonly alert: AlertRow };

export type MessageOf = {
  /** The same for every attempt to send the message, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly receiver: string;
  readonly organization: string;
  readonly gatewayVersion: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly notices: readonly Notice[];
};

/** What is posted to a receiver of format `json`; docs/alerts.md describes it for those who write one. */
export type AlertMessage = {
  readonly version: 1;
  readonly kind: 'alerts' | 'test';
  readonly id: string;
  readonly organization: string;
  readonly receiver: string;
  readonly gatewayVersion: string;
  readonly composedAt: string;
  /** How many of each there are, listed or not. */
  readonly firing: number;
  readonly resolved: number;
  readonly alerts: readonly {
    readonly id: string;
    readonly state: 'firing' | 'resolved';
    readonly condition: string;
    readonly subject: string;
    readonly pool?: string;
    readonly sentence: string;
    readonly detail: string;
    readonly advice: string;
    readonly since: string;
    readonly firedAt: string;
    readonly resolvedAt?: string;
  }[];
  /** How many are not in `alerts`. */
  readonly omitted: number;
};

/** News that come together. Of an alert that fired and is over, the end alone is told: it has both times. */
export function alertMessage({ notices, at, ...rest }: MessageOf): AlertMessage {
  const latest = new Map<string, Notice>();
  for (const notice of notices) latest.set(notice.alert.id, notice);
  const all = [...latest.values()];
  const firing = all.filter(({ kind }) => kind === 'firing');
  const resolved = all.filter(({ kind }) => kind === 'resolved');
  const alerts = [...firing, ...resolved].slice(0, LISTED).map(entry);
  return {
    version: 1,
    kind: 'alerts',
    ...rest,
    composedAt: time(at),
    firing: firing.length,
    resolved: resolved.length,
    alerts,
    omitted: all.length - alerts.length,
  };
}

/** A message that says that the way to a receiver works. */
export function testMessage(of: Omit<MessageOf, 'notices'>): AlertMessage {
  return { ...alertMessage({ ...of, notices: [] }), kind: 'test' };
}

function entry({ kind, alert }: Notice): AlertMessage['alerts'][number] {
  const { id, condition, subject, pool, detail, since, firedAt, resolvedAt } = alert;
  const { sentence, advice } = textOf(condition);
  return {
    id,
    state: kind,
    condition,
    subject,
    ...(pool !== null && { pool }),
    sentence,
    detail,
    advice: advice.replaceAll('…', agentOf(subject)),
    since: time(since),
    firedAt: time(firedAt),
    ...(kind === 'resolved' && resolvedAt !== null && { resolvedAt: time(resolvedAt) }),
  };
}

type Text = { readonly sentence: string; readonly advice: string };

/** Words for a condition; an alert on record may be of one that this release no longer has. */
export function textOf(condition: string): Text {
  const texts: Readonly<Record<string, Text>> = alertConditionTexts;
  return texts[condition] ?? { sentence: `The condition ${condition} holds.`, advice: '' };
}

/** The agent that a command would name: `agent:NAME` and `connector:POOL/AGENT/CONNECTOR` have one. */
export function agentOf(subject: string): string {
  const name = subject.slice(subject.indexOf(':') + 1);
  return name.split('/')[1] ?? name;
}

const time = (at: number) => new Date(at).toISOString();
