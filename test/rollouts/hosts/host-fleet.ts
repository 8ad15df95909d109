import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { dieWithUs } from '../../rig/children.ts';
import type { AgentHostOptions } from './agent-host.ts';

export type HostsRequest = { readonly id: number } & (
  | { readonly type: 'start'; readonly name: string; readonly options: AgentHostOptions }
  | { readonly type: 'stop'; readonly name: string }
  | { readonly type: 'versions' }
);
/** Each host with the version that its pointer leads to. */
export type HostsReply = { readonly id: number; readonly versions: readonly (readonly [string, string])[] };

type Request = HostsRequest extends infer Each
  ? Each extends HostsRequest
    ? Omit<Each, 'id'>
    : never
  : never;

/** Hosts with real agents and updaters, in a process of their own. Disposing ends every process of theirs. */
export class HostFleet implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: HostsReply) => void>();
  #requests = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'main.ts'), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    dieWithUs(this.#child);
    this.#child.on('message', (reply: HostsReply) => {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
  }

  async start(name: string, options: AgentHostOptions): Promise<void> {
    await this.#ask({ type: 'start', name, options });
  }

  /** Ends a host for good. Its agent drains. */
  async stop(name: string): Promise<void> {
    await this.#ask({ type: 'stop', name });
  }

  /** The versions that the hosts run, by the name of the host. */
  async versions(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.#ask({ type: 'versions' })).versions);
  }

  #ask(request: Request): Promise<HostsReply> {
    this.#requests += 1;
    const id = this.#requests;
    const { promise, resolve } = Promise.withResolvers<HostsReply>();
    this.#waiting.set(id, resolve);
    this.#child.send({ ...request, id });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }
}
