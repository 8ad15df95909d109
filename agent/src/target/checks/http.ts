import { isIPv6 } from 'node:net';
import { SOFTWARE_VERSION } from '@penstock/wire';
import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

const MAX_STATUS_LINE_BYTES = 1024;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |$)/;

/** Sends HEAD /. Any status counts as an answer; its meaning concerns only the service and its clients. */
export const checkHttp: ProtocolCheck = async (exchange, host) => {
  exchange.send(
    `HEAD / HTTP/1.1\r\nHost: ${isIPv6(host) ? `[${host}]` : host}\r\n` +
      `User-Agent: penstock-agent/${SOFTWARE_VERSION}\r\nConnection: close\r\n\r\n`,
  );
  return { detail: await exchange.receive(MAX_STATUS_LINE_BYTES, parseStatusLine) };
};

/** Describes the status line, or returns undefined while it is incomplete. Throws CheckFailure. */
export function parseStatusLine(bytes: Buffer): string | undefined {
  const end = bytes.indexOf('\r\n');
  const start = bytes.toString('latin1', 0, Math.min(5, bytes.length));
  if (!'HTTP/'.startsWith(start)) throw notHttp();
  if (end === -1) return undefined;
  const status = STATUS_LINE.exec(bytes.toString('latin1', 0, end))?.[1];
  if (status === undefined) throw notHttp();
  return `HTTP ${status}`;
}

const notHttp = () => new CheckFailure('protocol', 'The answer to HEAD is not from an HTTP server.');
