import type { ClientHttp2Session } from 'node:http2';
import { type AgentMessageOf, errorText, limits, resultPath } from '@penstock/wire';

type Result = AgentMessageOf<'result'>;

/** Maximum size of the control message around a value. */
const ENVELOPE_BYTES = 4 * 1024;
/** Time to send a large result. The gateway waits no longer than this. */
const SEND_TIMEOUT_MS = 30_000;

/**
 * Sends the result of a request: on the control stream if it fits, otherwise as an HTTP request of its own. A result that is
 * larger than the gateway accepts, or that can no longer be sent, is replaced by a failure.
 */
export function sendResult(http: ClientHttp2Session, send: (result: Result) => void, result: Result): void {
  const body = result.value === undefined ? undefined : Buffer.from(JSON.stringify(result.value));
  if (body === undefined || body.length <= limits.controlMessageBytes - ENVELOPE_BYTES) {
    send(result);
    return;
  }
  const fail = (detail: string) =>
    send({ type: 'result', id: result.id, ok: false, code: 'REQUEST_FAILED', detail: detail.slice(0, 1024) });
  if (body.length > limits.resultBodyBytes) {
    fail(`The result has ${body.length} bytes, but the gateway accepts at most ${limits.resultBodyBytes}.`);
    return;
  }
  try {
    const stream = http.request({
      ':method': 'POST',
      ':path': resultPath(result.id),
      'content-type': 'application/json',
    });
    const timer = setTimeout(() => stream.destroy(), SEND_TIMEOUT_MS);
    // A gateway that no longer waits refuses the request, and then nothing else needs the result.
    stream.on('error', () => {});
    stream.once('close', () => clearTimeout(timer));
    stream.resume();
    stream.end(body);
  } catch (error) {
    fail(`The result could not be sent: ${errorText(error)}`);
  }
}
