import type { ConnectionLogRow } from '@penstock/store';
import type { CloseCode } from '@penstock/wire';
import { boundedText } from './bounded-text.ts';
import type {
  ConnectionEnd,
  ConnectionEntry,
  ConnectionStatus,
  LoggedClient,
  LoggedDial,
  LoggedTarget,
  Traffic,
} from './logged-client.ts';

/** How a logged connection ended: `ok`, a close code, or the end of the gateway itself. */
export type LoggedCode = 'ok' | CloseCode | 'GATEWAY_STOPPED';

export type LiveConnectionOptions = {
  readonly id: number;
  readonly client: LoggedClient;
  /** Name of this replica; undefined for a gateway that is alone. */
  readonly replica: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when client and target are joined. */
  readonly onChanged: () => void;
  readonly onEnded: (row: ConnectionLogRow) => void;
};

const NO_TRAFFIC: Traffic = { fromClient: 0, toClient: 0 };

/** A client connection that has not ended. */
export class LiveConnection implements ConnectionEntry {
  readonly key: number;
  readonly #options: LiveConnectionOptions;
  readonly #startedAt: number;
  #target: LoggedTarget | undefined;
  #tries: LoggedDial['tries'] = [];
  #resumes = 0;
  #adriftMs = 0;
  #adriftSince: number | undefined;
  #end: { readonly code: LoggedCode; readonly at: number } | undefined;

  constructor(options: LiveConnectionOptions) {
    this.key = options.id;
    this.#options = options;
    this.#startedAt = options.now();
  }

  get id(): string {
    return String(this.key);
  }

  get connection(): string {
    return this.#options.client.connection;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  get status(): ConnectionStatus {
    const wasOpened = this.#target !== undefined;
    const resume = { resumes: this.#resumes, adriftSince: this.#adriftSince };
    if (this.#end === undefined) {
      return { state: wasOpened ? 'open' : 'opening', code: undefined, endedAt: undefined, ...resume };
    }
    return { state: wasOpened ? 'closed' : 'failed', code: this.#end.code, endedAt: this.#end.at, ...resume };
  }

  get traffic(): Traffic {
    return this.#target?.traffic() ?? NO_TRAFFIC;
  }

  dialed({ tries }: LoggedDial): void {
    this.#tries = tries;
  }

  opened(target: LoggedTarget): void {
    this.#target = target;
    this.#options.onChanged();
  }

  adrift(): void {
    this.#adriftSince ??= this.#options.now();
    this.#options.onChanged();
  }

  resumed(replica?: string): void {
    this.#resumes += 1;
    if (this.#target !== undefined) this.#target = { ...this.#target, replica };
    this.#haveSession();
    this.#options.onChanged();
  }

  ended({ code, detail, traffic }: ConnectionEnd): void {
    if (this.#end !== undefined) return;
    const at = Math.max(this.#startedAt, this.#options.now());
    this.#haveSession();
    this.#end = { code: code ?? 'ok', at };
    const row: ConnectionLogRow = {
      ...this.row(traffic),
      state: this.#target === undefined ? 'failed' : 'closed',
      endedAt: at,
      code: this.#end.code,
      detail: boundedText(detail),
    };
    this.#options.onEnded(row);
  }

  row({ fromClient, toClient }: Traffic = this.traffic): ConnectionLogRow {
    const { connection, connector, address, port, ingress, ingressKind, host, grant, subject } =
      this.#options.client;
    const last = this.#target ?? this.#tries.at(-1);
    return {
      id: this.key,
      state: this.#target === undefined ? 'opening' : 'open',
      connection,
      client: address,
      clientPort: port,
      ingress: ingress ?? null,
      ingressKind: ingressKind ?? null,
      host: boundedText(host),
      grantId: grant?.id ?? null,
      grantName: grant?.name ?? null,
      subject: boundedText(subject),
      connector: connector ?? null,
      pool: last?.pool ?? null,
      agent: last?.agent ?? null,
      agentId: this.#target?.agentId ?? null,
      replica: this.#options.replica ?? null,
      agentReplica: this.#target?.replica ?? null,
      startedAt: this.#startedAt,
      openMs: this.#target?.milliseconds ?? null,
      endedAt: null,
      attempts: this.#tries.length,
      resumes: this.#resumes,
      adriftMs: this.#adriftMs,
      adriftSince: this.#adriftSince ?? null,
      bytesFromClient: fromClient,
      bytesToClient: toClient,
      code: null,
      detail: null,
      count: 1,
    };
  }

  #haveSession(): void {
    if (this.#adriftSince === undefined) return;
    this.#adriftMs += Math.max(0, this.#options.now() - this.#adriftSince);
    this.#adriftSince = undefined;
  }
}
