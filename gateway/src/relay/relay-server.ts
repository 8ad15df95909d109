import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import {
  CODE_HEADER,
  CONNECTION_HEADER,
  DETAIL_HEADER,
  OPEN_HEADER,
  type OwnerMessage,
  type RelayOpen,
  readRelayOpen,
} from '@penstock/cluster';
import { BriefMap } from '@penstock/runtime';
import { type Acknowledgment, Acknowledgments, emptyClosed, type SessionLoss } from '@penstock/transport';
import { errorText, RECEIVED_HEADER, TunnelError } from '@penstock/wire';
import type { ResumeLimits } from '../routing/session-contract.ts';
import type { RegisteredSession } from '../tunnel/session-registry.ts';
import { SILENT_STATUS } from './open-relayed.ts';
import { Relay } from './relay.ts';

export type RelayServerOptions = {
  /** A session that ends here: what is relayed is never relayed again. */
  readonly sessionOf: (id: string) => RegisteredSession | undefined;
  readonly send: (message: OwnerMessage) => void;
  readonly isBlocked: () => boolean;
  /** For resumes, which do not repeat how long their connection may wait. */
  readonly resumeLimits: () => ResumeLimits;
  /** Called when the last relay has ended. */
  readonly onIdle: () => void;
  /** How the peer was lost, once it was. */
  readonly lossOfPeer: () => SessionLoss;
};

/** What the relays of one session share. */
type SessionRelays = {
  readonly relays: BriefMap<string, Relay>;
  readonly acknowledgments: Acknowledgments;
  count: number;
  /** The peer has been told that the session was lost, or retires. */
  isLost: boolean;
  isRetiring: boolean;
};

/** Characters of the detail of a failure, before they are encoded. */
const MAX_DETAIL_LENGTH = 500;

/** Serves the opens that one peer sends for sessions of this gateway. */
export class RelayServer {
  readonly #options: RelayServerOptions;
  readonly #sessions = new Map<string, SessionRelays>();

  constructor(options: RelayServerOptions) {
    this.#options = options;
  }

  /** Whether nothing is relayed for the peer. */
  get isIdle(): boolean {
    return this.#sessions.size === 0;
  }

  /** Opens through a session, and joins its stream with `stream`. Never rejects. */
  async serve(stream: ServerHttp2Stream, sessionId: string, headers: IncomingHttpHeaders): Promise<void> {
    stream.on('close', () => emptyClosed(stream));
    const session = this.#options.sessionOf(sessionId);
    const open = readRelayOpen(headers[OPEN_HEADER]);
    if (session === undefined || open === undefined) {
      respond(stream, { ':status': session === undefined ? 404 : 400 }, true);
      return;
    }
    const left = new AbortController();
    const onClose = () => left.abort(new TunnelError('CLIENT_GONE'));
    stream.once('close', onClose);
    try {
      const target = await session.open({
        ...open,
        signal: left.signal,
        onSilent: () => {
          if (!isOver(stream)) stream.additionalHeaders({ ':status': SILENT_STATUS });
        },
      });
      if (isOver(stream)) {
        target.refuse('CLIENT_GONE');
        return;
      }
      stream.off('close', onClose);
      const { link, peerReceived } = target;
      respond(stream, {
        ':status': 200,
        ...(link && { [CONNECTION_HEADER]: link.id, [RECEIVED_HEADER]: String(peerReceived) }),
      });
      this.#join(stream, session, target, open);
    } catch (error) {
      const failure = error instanceof TunnelError ? error : new TunnelError('INTERNAL', errorText(error));
      respond(
        stream,
        {
          ':status': 502,
          [CODE_HEADER]: failure.code,
          [DETAIL_HEADER]: encodeURIComponent(failure.message.slice(0, MAX_DETAIL_LENGTH).toWellFormed()),
        },
        true,
      );
    }
  }

  /** The peer has handed this to its clients. */
  acknowledged(sessionId: string, connections: readonly Acknowledgment[]): void {
    const relays = this.#sessions.get(sessionId)?.relays;
    for (const { id, received, reset } of connections) relays?.get(id)?.acknowledged(received, reset);
  }

  #join(
    stream: ServerHttp2Stream,
    session: RegisteredSession,
    target: Awaited<ReturnType<RegisteredSession['open']>>,
    { carry, resume }: RelayOpen,
  ): void {
    const shared = this.#relaysOf(session.id);
    const start = {
      byTarget: target.peerReceived,
      byClient: resume?.received ?? 0,
      isResume: resume !== undefined,
    };
    // A peer that is silent may come back, one that has closed its connection has probably ended.
    const keptWithoutPeer = () => {
      const limits = carry ?? this.#options.resumeLimits();
      return this.#options.lossOfPeer() === 'silent' ? limits.for : limits.closed;
    };
    shared.count += 1;
    const relay = new Relay(stream, target, start, {
      acknowledge: (source) => shared.acknowledgments.add(source, 'now'),
      onLost: (loss) => {
        if (!shared.isLost) this.#options.send({ type: 'lost', id: session.id, loss });
        shared.isLost = true;
      },
      onRetiring: () => {
        if (!shared.isRetiring) this.#options.send({ type: 'retiring', id: session.id });
        shared.isRetiring = true;
      },
      keptWithoutPeer,
      onDone: (done) => {
        shared.count -= 1;
        if (done.id !== undefined && shared.relays.get(done.id) === done) shared.relays.delete(done.id);
        if (shared.count === 0) this.#sessions.delete(session.id);
        if (this.#sessions.size === 0) this.#options.onIdle();
      },
    });
    if (relay.id !== undefined && !relay.hasLeft) shared.relays.set(relay.id, relay);
  }

  #relaysOf(sessionId: string): SessionRelays {
    let shared = this.#sessions.get(sessionId);
    if (shared === undefined) {
      const { send, isBlocked } = this.#options;
      shared = {
        relays: new BriefMap(),
        acknowledgments: new Acknowledgments(
          (connections) => send({ type: 'received', session: sessionId, connections }),
          isBlocked,
        ),
        count: 0,
        isLost: false,
        isRetiring: false,
      };
      this.#sessions.set(sessionId, shared);
    }
    return shared;
  }
}

const isOver = (stream: ServerHttp2Stream) => stream.closed || stream.destroyed;

function respond(
  stream: ServerHttp2Stream,
  headers: Record<string, string | number>,
  endStream = false,
): void {
  if (isOver(stream) || stream.headersSent) return;
  stream.respond(headers, { endStream });
  if (endStream) stream.resume();
}
