import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deadline } from '../../rig/deadline.ts';
import { eventually } from '../../rig/eventually.ts';
import { LoopbackServer } from '../../rig/loopback-server.ts';
import { descriptorCount } from '../../rig/process-measurements.ts';
import { whatIsLeft } from '../run-chaos.ts';
import { startScene } from '../scene.ts';

export type AfterResume = {
  readonly clients: number;
  /** Clients and targets that saw a reset. */
  readonly clientsReset: number;
  readonly targetsReset: number;
  readonly left: readonly string[];
  /** Descriptors of the agent that were not there before. */
  readonly descriptors: number;
};

const CLIENTS = 200;
const SENDERS = 20;
const LIMIT = '5s';

/** Waits for the end of a socket, and returns whether it was a reset. */
function isReset(socket: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let hasEnded = false;
  socket.on('error', () => {});
  socket.once('end', () => {
    hasEnded = true;
  });
  socket.once('close', () => resolve(!hasEnded));
  return promise;
}

/** Takes the network of an agent away for longer than `resume.for`, while some of its clients send. */
export async function afterResume(): Promise<AfterResume> {
  const ends: Promise<boolean>[] = [];
  await using server = await LoopbackServer.start((socket) => {
    ends.push(isReset(socket));
    socket.pipe(socket);
  });
  const limits = { resume: { for: LIMIT, reconnectTimeout: LIMIT } };
  await using scene = await startScene({ echo: server.address.port }, limits);
  const before = descriptorCount(scene.agent.pid);
  const clients: Promise<boolean>[] = [];
  const sockets: Socket[] = [];
  for (let index = 0; index < CLIENTS; index += 1) {
    const socket = connect({ host: '127.0.0.1', port: scene.pair.port('echo'), allowHalfOpen: true });
    clients.push(isReset(socket));
    sockets.push(socket);
    socket.write('hello');
    await once(socket, 'data');
    socket.on('data', () => {});
  }
  for (const socket of sockets.slice(0, SENDERS)) {
    const chunk = Buffer.alloc(16 * 1024);
    const send = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', send);
    send();
  }
  scene.relay.blackHole();
  scene.relay.refuse();
  const count = async (all: readonly Promise<boolean>[]) =>
    (await deadline('the resets', Promise.all(all), 120_000)).filter((each) => each).length;
  const [clientsReset, targetsReset] = await Promise.all([count(clients), count(ends)]);
  await scene.relay.restore();
  scene.relay.cut();
  await scene.connected();
  const left = await whatIsLeft(scene);
  const more = () => descriptorCount(scene.agent.pid) - before;
  await eventually('the agent to have closed everything', () => more() <= 0, { within: 15_000 }).catch(
    () => {},
  );
  return { clients: CLIENTS, clientsReset, targetsReset, left, descriptors: Math.max(0, more()) };
}

export const isAllOver = ({ clients, clientsReset, targetsReset, left, descriptors }: AfterResume) =>
  clientsReset === clients && targetsReset === clients && left.length === 0 && descriptors === 0;
