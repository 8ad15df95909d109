import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { MessageStream, type OwnerMessage, type PeerService, peerLimits } from '@penstock/cluster';
import type { SessionLoss } from '@penstock/transport';
import { type GatewayMessageOf, ProblemError, TunnelError } from '@penstock/wire';
import type { ForwardedCancel } from '../access/elsewhere.ts';
import type { ResumeLimits } from '../routing/session-contract.ts';
import { answerJson, answerProblem, readJsonBody } from '../tunnel/plain-request.ts';
import type { Registry } from '../tunnel/registry.ts';
import type { RegisteredSession } from '../tunnel/session-registry.ts';
import { AgentOpensForwarder, type FollowedOpens } from './forward-agent-opens.ts';
import { readCancel } from './forward-cancel.ts';
import { type FollowedLog, LogForwarder } from './forward-log.ts';
import type { RequestResult } from './forward-request.ts';
import { type Opens, OpensPublisher } from './opens-elsewhere.ts';
import { type EventSource, publishEvents } from './publish-events.ts';
import { RelayServer } from './relay-server.ts';
import { type PublisherSources, SessionPublisher } from './session-publisher.ts';

export type ServedPeerOptions = {
  readonly registry: Pick<Registry, 'localSession' | 'observe' | 'lost'>;
  readonly sources: PublisherSources;
  readonly resumeLimits: () => ResumeLimits;
  /** Makes a request to the agent of a local session. Undefined: it was not answered. Rejects with ProblemError. */
  readonly request: (
    session: RegisteredSession,
    message: GatewayMessageOf<'request'>,
    signal: AbortSignal,
  ) => Promise<RequestResult | undefined>;
  /** Forwards a request to cancel a query, and returns whether it was for a client of this gateway. */
  readonly cancel: (cancel: ForwardedCancel, signal: AbortSignal) => Promise<boolean>;
  /** Answers a question of the control plane of the peer. Rejects with ProblemError. */
  readonly answer: (question: unknown) => Promise<unknown>;
  readonly connectionLog: FollowedLog;
  readonly events: EventSource;
  /** How the opens of this gateway's clients went. */
  readonly opens: () => Iterable<Opens>;
  readonly agentOpens: FollowedOpens;
  /** Calls the listener when this gateway has changed the store. The returned function ends that. */
  readonly onWritten: (listener: (revision: number) => void) => () => void;
  readonly lossOfPeer: () => SessionLoss;
  /** Called when nothing is relayed for the peer anymore. */
  readonly onIdle: () => void;
};

const TICK_MS = 1_000;
/** Ticks between two reports of opens: alerts look at minutes. */
const OPENS_TICKS = 5;
/** Ticks between two reports of opens by agent. Rollouts wait a little longer for them. */
const AGENT_OPENS_TICKS = 2;

/** Serves one peer: the sessions of this gateway, and what goes through them. */
export function servePeer({
  registry,
  sources,
  resumeLimits,
  request,
  cancel,
  answer,
  connectionLog,
  events,
  opens,
  agentOpens,
  onWritten,
  lossOfPeer,
  onIdle,
}: ServedPeerOptions): PeerService & { readonly isIdle: boolean } {
  let messages: MessageStream<OwnerMessage> | undefined;
  let stop = () => {};
  const relays = new RelayServer({
    sessionOf: (id) => registry.localSession(id),
    send: (message) => messages?.send(message),
    isBlocked: () => messages?.isLagging ?? false,
    resumeLimits,
    lossOfPeer,
    onIdle,
  });

  return {
    get isIdle() {
      return relays.isIdle;
    },
    directory(stream) {
      // Its reset may have arrived together with it.
      if (stream.closed || stream.destroyed) return;
      stream.respond({ ':status': 200 });
      const followed = MessageStream.owner(stream, {
        onMessage(message) {
          switch (message.type) {
            case 'resync':
              publisher.resync();
              break;
            case 'received':
              relays.acknowledged(message.session, message.connections);
              break;
            case 'end-carried':
              registry.localSession(message.session)?.endCarried(message.id, message.code);
              break;
            case 'upgrade':
              registry.localSession(message.session)?.sendUpgrade(message.message);
              break;
            case 'follow-log':
              forwarder.set(message.on);
              break;
            case 'follow-agent-opens':
              agentOpensForwarder.set(message.on);
              break;
            case 'sessions-lost':
              for (const id of message.ids) {
                const session = registry.localSession(id);
                if (session?.identity.agentId === message.agentId) registry.lost(session, [id]);
              }
              break;
          }
        },
        onEnd: () => stream.session?.destroy(),
      });
      messages = followed;
      const forwarder = new LogForwarder(followed, connectionLog);
      const agentOpensForwarder = new AgentOpensForwarder(followed, agentOpens);
      const publisher = new SessionPublisher(followed, sources);
      const isLocal = ({ replica }: RegisteredSession) => replica === undefined;
      const change = (session: RegisteredSession) => {
        if (isLocal(session)) publisher.changed(session);
      };
      const stopObserving = registry.observe({
        opened: change,
        changed: change,
        ended: (session, code) => {
          if (isLocal(session)) publisher.ended(session, code);
        },
        upgradeStatus: (session, message) => {
          if (isLocal(session)) followed.send({ type: 'upgrade-report', id: session.id, message });
        },
        maySwitch: (session, message) => {
          if (isLocal(session)) followed.send({ type: 'upgrade-report', id: session.id, message });
        },
        heartbeat: (session, received) => {
          if (isLocal(session)) publisher.heartbeat(session, received);
        },
      });
      const stopEvents = publishEvents(followed, events);
      const stopWritten = onWritten((revision) => {
        // The next tick says it too.
        if (!followed.isLagging) followed.send({ type: 'revision', revision });
      });
      const opensPublisher = new OpensPublisher(followed, opens);
      let ticks = 0;
      const timer = setInterval(() => {
        publisher.tick();
        ticks += 1;
        if (ticks % OPENS_TICKS === 0) opensPublisher.publish();
        if (ticks % AGENT_OPENS_TICKS === 0) agentOpensForwarder.publish();
      }, TICK_MS);
      stop = () => {
        clearInterval(timer);
        stopObserving();
        stopEvents();
        stopWritten();
        forwarder.set(false);
        agentOpensForwarder.set(false);
        publisher.stop();
      };
    },
    relay(stream, sessionId, headers: IncomingHttpHeaders) {
      void relays.serve(stream, sessionId, headers);
    },
    request(stream, sessionId) {
      void answered(stream, async (body, signal) => {
        const session = registry.localSession(sessionId);
        if (session === undefined) throw new ProblemError('NOT_FOUND', 'The session has ended.');
        const result = await request(session, body as GatewayMessageOf<'request'>, signal);
        if (result === undefined) throw new ProblemError('NOT_FOUND', 'The session has ended.');
        return result;
      });
    },
    cancel(stream) {
      void answered(stream, async (body, signal) => ({ delivered: await cancel(readCancel(body), signal) }));
    },
    query(stream) {
      void answered(stream, (question) => answer(question));
    },
    closed: () => stop(),
  };
}

/** Answers a request with what `answer` makes of its body. `signal` is aborted when the peer gives up. */
async function answered(
  stream: ServerHttp2Stream,
  answer: (body: unknown, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const left = new AbortController();
  try {
    const body = await readJsonBody(stream, peerLimits.messageBytes);
    stream.once('close', () => left.abort(new TunnelError('CLIENT_GONE')));
    if (stream.closed) return;
    answerJson(stream, 200, await answer(body, left.signal));
  } catch (error) {
    answerProblem(stream, error instanceof ProblemError ? error : new ProblemError('INTERNAL'));
  }
}
