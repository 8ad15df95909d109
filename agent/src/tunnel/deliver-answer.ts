import type { ClientHttp2Session } from 'node:http2';
import { type AgentMessageOf, errorText, limits, resultPath } from '@penstock/wire';

type Result = AgentMessageOf<'result'>;

/** What the line around a value takes at most on the control stream. */
const ENVELOPE_BYTES = 4 * 1024;
/** Milliseconds for a large answer to leave: the gateway waits no longer either. */
const DELIVERY_TIMEOUT = 30_000;

/**
 * Brings the answer to a request: on the control stream when it fits, on a request of its own when it does not. What is
 * larger than the gateway takes, or finds no way any more, becomes a failed answer.
 */
export function deliverAnswer(
  http: ClientHttp2Session,
  send: (result: Result) => void,
  result: Result,
): void {
  const body = result.value === undefined ? undefined : Buffer.from(JSON.stringify(result.value));
  if (body === undefined || body.length <= limits.controlMessageBytes - ENVELOPE_BYTES) {
    send(result);
    return;
  }
  const fail = (detail: string) =>
    send({ type: 'result', id: result.id, ok: false, code: 'REQUEST_FAILED', detail: detail.slice(0, 1024) });
  if (body.length > limits.resultBodyBytes) {
    fail(`The answer has ${body.length} bytes, more than the ${limits.resultBodyBytes} a gateway takes.`);
    return;
  }
  try {
    const stream = http.request({
      ':method': 'POST',
      ':path': resultPath(result.id),
      'content-type': 'application/json',
    });
    const timer = setTimeout(() => stream.destroy(), DELIVERY_TIMEOUT);
    stream.on('error', () => {});
    stream.once('close', () => clearTimeout(timer));
    // A gateway that no longer waits says so, and the answer is of no use to anybody else.
    stream.resume();
    stream.end(body);
  } catch (error) {
    fail(`The answer could not be brought: ${errorText(error)}`);
  }
}
