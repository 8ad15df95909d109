export { type Acknowledgment, type AcknowledgmentSource, Acknowledgments } from './acknowledgments.ts';
export { releaseAfter } from './after-bulk.ts';
export { alpnProtocols } from './alpn-protocols.ts';
export { releaseChunk } from './chunk-pool.ts';
export { emptyClosed } from './closed-stream.ts';
export { dataMoved } from './data-moved.ts';
export type { DataStream } from './data-stream.ts';
export { descriptorOf } from './descriptor-of.ts';
export { type FarEnd, type FarLink, Http2FarEnd, type LinkListener, type SessionLoss } from './far-end.ts';
export { freeCaches } from './free-caches.ts';
export { openHttp2Client } from './http2-client.ts';
export { Inbound } from './inbound.ts';
export { type KeepaliveOptions, type KeepalivePort, keepAlive } from './keepalive.ts';
export { isHttp2Stream, type NearEnd } from './near-end.ts';
export { abandonSocket, type ConnectAttempt, type ResolvedAddress, raceConnect } from './race-connect.ts';
export { type MessageHandlers, readMessages } from './read-messages.ts';
export {
  CONNECTION_WINDOW,
  INITIAL_STREAM_WINDOW,
  WindowBudget,
  type WindowShare,
} from './receive-window.ts';
export { resetSocket } from './reset-socket.ts';
export { ReusableStream, type ReusePort } from './reusable-stream.ts';
export { SessionConnection, type SessionConnectionOptions } from './session-connection.ts';
export { SessionKeepalive, type SessionKeepaliveOptions } from './session-keepalive.ts';
export { SessionLinks } from './session-links.ts';
export { type SilencePort, SilenceWatch } from './silence-watch.ts';
export { SocketReader } from './socket-reader.ts';
export { Splice, splice } from './splice.ts';
export type { CarryOptions, SpliceEnd, SpliceOptions } from './splice-options.ts';
export { type StreamCarrier, StreamUse } from './stream-use.ts';
export { TlsTransport } from './tls-transport.ts';
export {
  TCP_KEEPALIVE_DELAY_MS,
  tunnelClientTls,
  tunnelHttp2Options,
  tunnelServerTls,
} from './tunnel-settings.ts';
export { UntoldEnds } from './untold-ends.ts';
