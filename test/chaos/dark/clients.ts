import { setTimeout as pause } from 'node:timers/promises';
import { TestClient } from '../../rig/client.ts';

const PATIENCE_MS = 60_000;

/** A new client, from its connect to the first byte of its echo. Resolves with milliseconds, or the error. */
export async function firstByte(port: number): Promise<number | string> {
  const start = performance.now();
  try {
    await using client = await TestClient.connect({ host: '127.0.0.1', port });
    await client.echo('hello', PATIENCE_MS);
    return performance.now() - start;
  } catch (error) {
    return String(error);
  }
}

/** `count` new clients, one each `interval` milliseconds, whatever becomes of those before. */
export async function newClients(
  port: number,
  count: number,
  interval: number,
): Promise<(number | string)[]> {
  const all: Promise<number | string>[] = [];
  for (let index = 0; index < count; index += 1) {
    all.push(firstByte(port));
    await pause(interval);
  }
  return Promise.all(all);
}

/** Clients that are connected throughout and ask twice a second. */
export class HeldClients implements AsyncDisposable {
  readonly errors: string[] = [];
  readonly #clients: TestClient[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #stopping = new AbortController();
  /** The longest time in milliseconds that one has waited for its answer. */
  longest = 0;

  static async connect(port: number, count: number): Promise<HeldClients> {
    const held = new HeldClients();
    for (let index = 0; index < count; index += 1) {
      const client = await TestClient.connect({ host: '127.0.0.1', port });
      await client.echo('hello', PATIENCE_MS);
      held.#clients.push(client);
    }
    return held;
  }

  start(): void {
    for (const client of this.#clients) this.#running.push(this.#ask(client));
  }

  async #ask(client: TestClient): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) {
        const start = performance.now();
        await client.echo('still here?', PATIENCE_MS);
        this.longest = Math.max(this.longest, performance.now() - start);
        await pause(500, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    } catch (error) {
      this.errors.push(String(error));
    }
  }

  /** Stops when each has its answer. */
  async finish(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
  }
}
