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

/** What all connections need of their log. */
export type LiveConnectionPort = {
  /** Name of this replica; undefined for a gateway that is alone. */
  readonly replica: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when client and target are joined, and when a session is lost or found. */
  readonly onChanged: (live: LiveConnection) => void;
  readonly onEnded: (live: LiveConnection, row: ConnectionLogRow) => void;
};

const NO_TRAFFIC: Traffic = { fromClient: 0, toClient: 0 };

/** A client connection that has not ended. */
export class LiveConnection implements ConnectionEntry {
  readonly key: number;
  readonly #client: LoggedClient;
  readonly #port: LiveConnectionPort;
  readonly #startedAt: number;
  #target: LoggedTarget | undefined;
  #tries: LoggedDial['tries'] = [];
  #resumes = 0;
  #adriftMs = 0;
  #adriftSince: number | undefined;
  #end: { readonly code: LoggedCode; readonly detail: string | null; readonly at: number } | undefined;

  constructor(id: number, client: LoggedClient, port: LiveConnectionPort) {
    this.key = id;
    this.#client = client;
    this.#port = port;
    this.#startedAt = port.now();
  }

  get id(): string {
    return String(this.key);
  }

  get connection(): string {
    return this.#client.connection;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  get status(): ConnectionStatus {
    return {
      state: this.#state,
      code: this.#end?.code,
      endedAt: this.#end?.at,
      resumes: this.#resumes,
      adriftSince: this.#adriftSince,
    };
  }

  get traffic(): Traffic {
    return this.#target?.traffic() ?? NO_TRAFFIC;
  }

  dialed({ tries }: LoggedDial): void {
    this.#tries = tries;
  }

  opened(target: LoggedTarget): void {
    this.#target = target;
    this.#port.onChanged(this);
  }

  adrift(): void {
    this.#adriftSince ??= this.#port.now();
    this.#port.onChanged(this);
  }

  resumed(replica?: string): void {
    this.#resumes += 1;
    if (this.#target !== undefined) this.#target = { ...this.#target, replica };
    this.#haveSession();
    this.#port.onChanged(this);
  }

  ended({ code, detail, traffic }: ConnectionEnd): void {
    if (this.#end !== undefined) return;
    const at = Math.max(this.#startedAt, this.#port.now());
    this.#haveSession();
    this.#end = { code: code ?? 'ok', detail: boundedText(detail), at };
    this.#port.onEnded(this, this.row(traffic));
  }

  row({ fromClient, toClient }: Traffic = this.traffic): ConnectionLogRow {
    const { connection, connector, address, port, ingress, ingressKind, host, grant, subject } = this.#client;
    const last = this.#target ?? this.#tries.at(-1);
    return {
      id: this.key,
      state: this.#state,
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
      replica: this.#port.replica ?? null,
      agentReplica: this.#target?.replica ?? null,
      startedAt: this.#startedAt,
      openMs: this.#target?.milliseconds ?? null,
      endedAt: this.#end?.at ?? null,
      attempts: this.#tries.length,
      resumes: this.#resumes,
      adriftMs: this.#adriftMs,
      adriftSince: this.#adriftSince ?? null,
      bytesFromClient: fromClient,
      bytesToClient: toClient,
      code: this.#end?.code ?? null,
      detail: this.#end?.detail ?? null,
      count: 1,
    };
  }

  get #state(): ConnectionStatus['state'] {
    const wasOpened = this.#target !== undefined;
    if (this.#end === undefined) return wasOpened ? 'open' : 'opening';
    return wasOpened ? 'closed' : 'failed';
  }

  #haveSession(): void {
    if (this.#adriftSince === undefined) return;
    this.#adriftMs += Math.max(0, this.#port.now() - this.#adriftSince);
    this.#adriftSince = undefined;
  }
}
