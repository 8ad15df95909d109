import type { ForwardedCancel } from '../../access/elsewhere.ts';
import type { CancelRequests } from './cancel-requests.ts';

/** The CancelRequests of each port, for requests that arrived at another replica. */
export class CancelPorts {
  readonly #ports = new Map<string, CancelRequests>();

  /** Adds a port until the returned function is called. */
  add(port: string, cancelRequests: CancelRequests): () => void {
    this.#ports.set(port, cancelRequests);
    return () => {
      if (this.#ports.get(port) === cancelRequests) this.#ports.delete(port);
    };
  }

  /** Resolves to whether a client of this gateway was meant. Never rejects. */
  async forward(
    { port, request, address, clientPort }: ForwardedCancel,
    signal: AbortSignal,
  ): Promise<boolean> {
    const cancelRequests = this.#ports.get(port);
    return cancelRequests?.forwardHere(request, { address, port: clientPort }, signal) ?? false;
  }
}
