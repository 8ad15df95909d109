import { limits } from '@penstock/wire';

/** Sessions that this agent has given up, until it has reported them to the gateway, which may not have noticed yet. */
export class LostSessions {
  #ids: readonly string[] = [];

  get ids(): readonly string[] {
    return this.#ids;
  }

  /** Adds a session when it has ended. A session that ended in good order does no harm here. */
  watch(id: string, ended: Promise<unknown>): void {
    void ended.then(() => {
      this.#ids = [...this.#ids, id].slice(-limits.lostSessions);
    });
  }

  /** The gateway knows of these. */
  reported(ids: readonly string[]): void {
    this.#ids = this.#ids.filter((id) => !ids.includes(id));
  }
}
