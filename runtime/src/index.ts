export { AttemptLimit, attempted, sourceOf } from './attempt-limit.ts';
export { type Clock, systemClock } from './clock.ts';
export { tuneGarbageCollection } from './garbage-collection.ts';
export { pause } from './pause.ts';
