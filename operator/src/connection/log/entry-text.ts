import type { ConnectionLogEntry } from '@penstock/api-schema';
import { formatHostPort } from '@penstock/config-schema/text';
import { type Io, printableLine, type Style, styleFor } from '@penstock/terminal';

const KIB = 1024;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes in a unit that keeps it short: `1.4 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= KIB && unit < UNITS.length - 1) {
    value /= KIB;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A duration in its two largest units: `4h 13m`, `1.2 s`, `3 ms`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const minutes = Math.floor(milliseconds / 60_000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes % 60}m`;
  return `${minutes}m ${Math.floor(milliseconds / 1000) % 60}s`;
}

/** A time in the zone of this host: `2026-11-26 02:13:05`. */
export function localTime(time: string): string {
  const at = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}

export function endText({ state, code }: ConnectionLogEntry, style: Style): string {
  if (code === undefined) return style.good(state);
  return code === 'ok' ? code : style.bad(code);
}

/** The client's address, with its port if that is known. */
export function clientText({ client, clientPort }: ConnectionLogEntry): string | undefined {
  if (client === undefined || clientPort === undefined) return client;
  return formatHostPort({ host: client, port: clientPort });
}

/** The replica that accepted the client, with the one that passed it on to the agent. */
export function replicaText({ replica, agentReplica }: ConnectionLogEntry): string | undefined {
  return agentReplica === undefined ? replica : `${replica} by way of ${agentReplica}`;
}

/** What became of the sessions under it; undefined if it has had only one. */
export function resumedText({ resumes, adriftMs, adriftSince }: ConnectionLogEntry): string | undefined {
  const times = resumes === 1 ? 'once' : `${resumes} times`;
  const resumed = resumes > 0 ? `resumed ${times}, ${durationText(adriftMs)} without a session` : undefined;
  const waits = adriftSince === undefined ? undefined : 'waits for a session of its agent';
  return [resumed, waits].filter((text) => text !== undefined).join('; ') || undefined;
}

/** Why it ended, in one sentence or two. */
export function whyText({ state, message, detail, count }: ConnectionLogEntry): string | undefined {
  if (state === 'denied' && count > 1) return `${detail ?? message} (${count} times)`;
  if (state === 'failed' || state === 'denied') return detail ?? message;
  const texts = [message, detail === message ? undefined : detail].filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join(' ');
}

export function lastedMs(
  { startedAt, durationMs, state }: ConnectionLogEntry,
  now: number,
): number | undefined {
  if (state === 'denied') return undefined;
  return durationMs ?? Math.max(0, now - Date.parse(startedAt));
}

/** One line for a connection that opened or ended, as `--follow` prints it. */
export function entryLine(entry: ConnectionLogEntry, io: Io): string {
  const style = styleFor(io.stdout, io.environment);
  const { state, connection, agent, pool, grant, openMs } = entry;
  const at = entry.endedAt ?? entry.startedAt;
  const source = clientText(entry);
  const parts = [
    localTime(at),
    endText(entry, style),
    connection,
    source && `from ${source}`,
    grant && `with grant ${grant.name}`,
    agent && `through ${agent} (${pool})`,
    entry.replica && `at ${replicaText(entry)}`,
    openMs !== undefined && state === 'open' ? `after ${durationText(openMs)}` : undefined,
    ...(state === 'closed'
      ? [
          `lasted ${durationText(lastedMs(entry, Date.now()) ?? 0)},`,
          `sent ${bytesText(entry.bytesFromClient)},`,
          `received ${bytesText(entry.bytesToClient)}.`,
        ]
      : []),
    resumedText(entry),
    whyText(entry),
  ];
  return printableLine(parts.filter((part) => part !== undefined && part !== '').join(' '));
}
