import type { Child } from './child.ts';
import { within } from './deadline.ts';

/** The requests that a child supports, by name. Arguments and responses are JSON. */
export type Handlers = Record<string, (argument: never) => unknown>;

type Question = { readonly id: number; readonly name: string; readonly argument: unknown };
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };

export type Ask<Answers extends Handlers> = <Name extends keyof Answers & string>(
  name: Name,
  argument: Parameters<Answers[Name]>[0],
) => Promise<Awaited<ReturnType<Answers[Name]>>>;

/**
 * Answers the parent's requests. Requests with other names are left to other modules of this process. The child exits
 * when the parent has exited.
 */
export function answerWith(handlers: Handlers): void {
  process.on('message', async (question: Question) => {
    const handler = handlers[question.name];
    if (handler !== undefined) process.send?.(await answerTo(question, handler));
  });
  process.once('disconnect', () => process.kill(process.pid));
}

async function answerTo({ id, argument }: Question, handler: Handlers[string]): Promise<Answer> {
  try {
    return { id, value: await handler(argument as never) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Shared by all callers, because two callers of one child must not use the same request number. */
let nextId = 0;

/** The parent's side. Every request has a deadline; all pending ones reject if the child exits. */
export function asking<Answers extends Handlers>(
  child: Child,
  what: string,
  deadline = 60_000,
): Ask<Answers> {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  child.process.on('message', (answer: Answer) => {
    const waiting = open.get(answer.id);
    open.delete(answer.id);
    if (answer.error !== undefined) waiting?.reject(new Error(`${what}: ${answer.error}`));
    else waiting?.resolve(answer.value);
  });
  child.process.once('exit', () => {
    const reason = `${what} ended. ${child.output()}`.trimEnd();
    for (const waiting of open.values()) waiting.reject(new Error(reason));
    open.clear();
  });
  return (name, argument) => {
    const waiting = Promise.withResolvers<unknown>();
    const id = nextId++;
    open.set(id, waiting);
    child.process.send({ id, name, argument } satisfies Question, (error) => {
      if (error !== null) waiting.reject(error);
    });
    return within(deadline, `${what}: ${name}`, waiting.promise) as Promise<never>;
  };
}
