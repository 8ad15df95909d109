export { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts';
export { events as agentEvents } from './observe/event.ts';
