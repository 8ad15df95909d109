export { type EventCatalogue, type EventLog, eventLog } from './event-log.ts';
export { type LogOptions, openLog } from './log.ts';
export { type LoopDelay, measureLoopDelay } from './loop-delay.ts';
