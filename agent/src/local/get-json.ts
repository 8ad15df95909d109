import { Agent, get, type IncomingMessage } from 'node:http';

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Requests a JSON document of a server on this host. Unlike fetch, it never uses a proxy (NODE_USE_ENV_PROXY): only agents
 * that are created with `proxyEnv` do. Rejects with an error of node:http, or the signal's reason.
 */
export async function getJson(url: string, signal: AbortSignal): Promise<{ status: number; body: unknown }> {
  const agent = new Agent();
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    get(url, { agent, signal }, resolve).once('error', reject);
    const response = await promise;
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_ANSWER_BYTES) throw new RangeError(`The answer exceeds ${MAX_ANSWER_BYTES} bytes.`);
      chunks.push(chunk);
    }
    return { status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    agent.destroy();
  }
}
